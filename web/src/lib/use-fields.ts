import { type ChangeEvent, useCallback, useState } from 'react';

type Texts = Readonly<Record<string, string>>;
type Typed = ChangeEvent<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>;

/** The fields of a form: what stands in them, and what ties an input to one of them. */
export function useFields<T extends Texts>(initial: T) {
  const [fields, setFields] = useState(initial);
  const set = useCallback((part: Partial<T>) => setFields((before) => ({ ...before, ...part })), []);
  const bind = (name: keyof T & string) => ({
    value: fields[name] ?? '',
    onChange: (event: Typed) => set({ [name]: event.currentTarget.value } as Partial<T>),
  });
  return { fields, set, bind };
}

/** Only what was filled in is sent. */
export const filled = <T extends Texts, N extends keyof T & string>(
  fields: T,
  names: readonly N[],
): { [K in N]?: string } =>
  Object.fromEntries(
    names.flatMap((name) => {
      const text = fields[name]?.trim();
      return text ? [[name, text]] : [];
    }),
  ) as { [K in N]?: string };
