/** How people write dates: which strptime formats a text may be read by, told from its shape alone. */

/** `2022-03-04 10:30` has the shape `0000-00-00 00:00`. */
export const shapeSql = (value: string): string => `translate(${value}, '123456789', '000000000')`;

/** A first look, so that only columns which may hold dates are read further. */
export const mayBeDate =
  '(?:[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}|[0-9]{1,2}[-. ][A-Za-z]{3,9}[-. ][0-9]{2,4}|[A-Za-z]{3,9} [0-9]{1,2},? [0-9]{4})(?:[T ].*)?';

const month = (name: string): string => (name.length === 3 ? '%b' : '%B');
const year = (digits: string): string | null =>
  digits.length === 4 ? '%Y' : digits.length === 2 ? '%y' : null;

function dayFormats(shape: string): string[] {
  const [, first = '', mark = '', last = ''] = /^(0{1,4})([-./])0{1,2}\2(0{1,4})$/.exec(shape) ?? [];
  if (first.length === 4 && last.length <= 2) return [`%Y${mark}%m${mark}%d`];
  const numbers = first.length <= 2 ? year(last) : null;
  if (numbers) return [`%d${mark}%m${mark}${numbers}`, `%m${mark}%d${mark}${numbers}`];
  const dayFirst = /^0{1,2}([-. ])([A-Za-z]{3,9})\1(0{2}|0{4})$/.exec(shape);
  if (dayFirst) {
    const [, space = '', name = '', digits = ''] = dayFirst;
    return [`%d${space}${month(name)}${space}${year(digits)}`];
  }
  const monthFirst = /^([A-Za-z]{3,9}) 0{1,2}(,?) 0{4}$/.exec(shape);
  return monthFirst ? [`${month(monthFirst[1] ?? '')} %d${monthFirst[2]} %Y`] : [];
}

function timeFormat(shape: string): string | null {
  if (shape === '') return '';
  const found = /^([T ])0{1,2}:00(:00(\.0{1,6})?)?( ?[AaPp][Mm])?(Z|[+]00:?(?:00)?|-00:?(?:00)?)?$/.exec(
    shape,
  );
  if (!found) return null;
  const [, space, seconds, fraction, half, zone] = found;
  const hour = half === undefined ? '%H' : '%I';
  const rest = `${seconds ? ':%S' : ''}${fraction ? '.%f' : ''}${half ? half.replace(/[AaPp][Mm]/, '%p') : ''}`;
  return `${space}${hour}:%M${rest}${zone === undefined ? '' : zone === 'Z' ? 'Z' : '%z'}`;
}

/** None for what is no date; two where only the numbers tell the day from the month. */
export function formatsOfShape(shape: string): string[] {
  const start = shape.search(/[T ]0{1,2}:/);
  const [day, time] = start < 0 ? [shape, ''] : [shape.slice(0, start), shape.slice(start)];
  const suffix = timeFormat(time);
  return suffix === null ? [] : dayFormats(day).map((format) => `${format}${suffix}`);
}

/** Formats that the same text may fit and then mean another day: `%d/%m/%Y` and `%m/%d/%Y`. */
export const canBeMistaken = (formats: readonly string[]): boolean => {
  const skeletons = formats.map((format) => format.replace(/%-?[dm]/g, '%_'));
  return new Set(skeletons).size < skeletons.length;
};
