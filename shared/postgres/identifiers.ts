/** The only place where a name becomes SQL: whatever it holds, it is one identifier. */
export const quoteName = (name: string): string => {
  if (name === '' || name.includes('\0')) throw new RangeError('an identifier is neither empty nor holds a zero byte');
  return `"${name.replaceAll('"', '""')}"`;
};

/** `orders` → `"public"."orders"`, `sales.orders` → `"sales"."orders"`, as configuration writes tables. */
export const quoteTable = (table: string): string => {
  const [first = '', second] = table.split('.');
  return second === undefined ? `"public".${quoteName(first)}` : `${quoteName(first)}.${quoteName(second)}`;
};

export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;
