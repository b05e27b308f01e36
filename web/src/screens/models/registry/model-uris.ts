/** What MLflow calls a version: by its number, and by each alias that points at it now. */
export const toModelUris = (model: {
  readonly model: string;
  readonly version: number;
  readonly aliases: readonly string[];
}): string[] => [
  ...model.aliases.map((alias) => `models:/${model.model}@${alias}`),
  `models:/${model.model}/${model.version}`,
];
