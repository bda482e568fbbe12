/** Writes `digits` × 10^-`scale` as a plain decimal without trailing zeros: `0.037665`, `-3`, `0`. */
export const plainDecimal = (digits: bigint, scale: number): string => {
  if (digits === 0n) return '0';
  const sign = digits < 0n ? '-' : '';
  const all = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
  const point = all.length - scale;
  let end = all.length;
  while (end > point && all.charCodeAt(end - 1) === 48) end -= 1;
  return end === point ? sign + all.slice(0, point) : `${sign}${all.slice(0, point)}.${all.slice(point, end)}`;
};
