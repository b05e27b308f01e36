/** A parameter, a tag: text by key. */
export interface KeyValue {
  readonly key: string;
  readonly value: string;
}
