/** `run:{id}` with its names replaced by what a request says; '' when it does not say one of them, which is nothing's uri. */
export function fillTemplate(template: string, parts: readonly unknown[]): string {
  let isWhole = true;
  const filled = template.replace(/\{([^}]+)\}/g, (_match, path: string) => {
    const found = parts.map((part) => readPath(part, path.split('/'))).find((value) => value !== undefined);
    if (typeof found === 'string' && found !== '') return found;
    isWhole = false;
    return '';
  });
  return isWhole ? filled : '';
}

function readPath(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, name) => {
    const isHolder = typeof at === 'object' && at !== null && Object.hasOwn(at, name);
    return isHolder ? (at as Record<string, unknown>)[name] : undefined;
  }, value);
}
