/** Reads `customer=42 shop=a`; what stands in double quotes may hold spaces. Null for what is no key. */
export function parseKey(text: string): Record<string, string> | null {
  const pairs = text.trim().match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
  const key: Record<string, string> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const value = pair.slice(at + 1).replaceAll('"', '');
    if (at < 1 || value === '') return null;
    key[pair.slice(0, at).replaceAll('"', '')] = value;
  }
  return pairs.length > 0 ? key : null;
}
