import { errors } from '../../base/errors.ts';

/** As the analytics port takes them: for whatever column they fit, and for single columns. */
export interface DateFormats {
  readonly dateFormat?: readonly string[];
  readonly dateFormats?: Readonly<Record<string, readonly string[]>>;
}

const mostFormats = 20;
const word = /%(-[dmyHIMSj]|[aAbBcdfgHIjmMnpSwxXyYzZ%])/g;

/** `%d.%m.%Y`, or by column `day=%d.%m.%Y|%Y-%m-%d,seen=%b %d, %Y`. @throws dateFormatInvalid */
export function parseDateFormat(text: string): DateFormats {
  let dateFormat: string[] | undefined;
  const dateFormats = new Map<string, string[]>();
  for (const part of text.split(/,(?=[^,%=|]+=)/)) {
    const [, name, formats = part] = /^([^%=|]*)=(.*)$/s.exec(part) ?? [];
    const list = parseFormats(part, formats);
    const column = name?.trim();
    const isTwice = column === undefined ? dateFormat !== undefined : dateFormats.has(column);
    if (isTwice) throw errors.dateFormatInvalid({ part, reason: 'stands beside another one of its column' });
    if (column === '') throw errors.dateFormatInvalid({ part, reason: 'names no column before the =' });
    if (column === undefined) dateFormat = list;
    else dateFormats.set(column, list);
  }
  return {
    ...(dateFormat && { dateFormat }),
    ...(dateFormats.size > 0 && { dateFormats: Object.fromEntries(dateFormats) }),
  };
}

function parseFormats(part: string, text: string): string[] {
  const formats = text.split('|').map((format) => format.trim());
  const invalid = (reason: string) => errors.dateFormatInvalid({ part, reason });
  if (formats.length > mostFormats) throw invalid(`holds more than ${mostFormats} formats`);
  for (const format of formats) {
    if (format === '') throw invalid('holds an empty format');
    const unknown = /%.{0,2}/.exec(format.replace(word, ''));
    if (unknown) throw invalid(`holds '${unknown[0]}', which is no word for a part of a date`);
    if (!/%-?[a-zA-Z]/.test(format)) throw invalid(`holds '${format}', which names no part of a date`);
  }
  return formats;
}
