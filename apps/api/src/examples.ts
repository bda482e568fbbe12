/** What the examples of the API document show again and again. */
export const BALANCE = { remaining: '20', held: '0', available: '20', debt: '0', unit: 'USD', formatted: '$20.00', warning: null };
export const POSITION = 'MUBhY21l';
