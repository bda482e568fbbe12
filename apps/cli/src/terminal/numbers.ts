const grouped = new Intl.NumberFormat('en-US');

/** `19,366`. */
export const count = (number: number): string => grouped.format(number);

/** `1 row`, `19,366 rows`. */
export const counted = (number: number, one: string, many = `${one}s`): string => `${count(number)} ${number === 1 ? one : many}`;
