/** Names in one word of an address: a user's column may hold commas, so each is encoded. */
export const formatNames = (names: readonly string[]): string => names.map(encodeURIComponent).join(',');

export function parseNames(text: string | undefined): readonly string[] {
  if (!text) return [];
  return text.split(',').flatMap((part) => {
    try {
      return [decodeURIComponent(part)];
    } catch {
      return [];
    }
  });
}
