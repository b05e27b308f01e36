interface TagLineProps {
  readonly tags: Readonly<Record<string, string>>;
}

/** Tags in one line, for a cell; what systems keep for themselves is left out. */
export function TagLine({ tags }: TagLineProps) {
  const text = Object.entries(tags)
    .filter(([key]) => !key.startsWith('mlflow.'))
    .map(([key, value]) => (value === '' ? key : `${key}=${value}`))
    .join(', ');
  return <span title={text}>{text}</span>;
}
