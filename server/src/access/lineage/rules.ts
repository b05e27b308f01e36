/** `dataset:prices@3` is a version of `dataset:prices`. */
export const nameOf = (uri: string): string => uri.replace(/@[^@]*$/, '');
