/** A domain name as it is compared: lower case, without the dot at its end. */
export const normalName = (name: string): string => name.toLowerCase().replace(/\.$/, '');

export const isWithin = (name: string, zone: string): boolean => name === zone || name.endsWith(`.${zone}`);

/** Ids come with the path of their kind before them, or without. */
export const plainId = (id: string | undefined): string =>
  (id ?? '').replace(/^\/?(hostedzone|change|healthcheck)\//, '');

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
/** An id as Route 53 makes one up: `C0123456789ABCDEFGHIJ`. */
export const madeUpChangeId = (): string =>
  `C${Array.from({ length: 20 }, () => LETTERS[Math.floor(Math.random() * LETTERS.length)]).join('')}`;

/** Labels of letters, digits, hyphens and underscores; at most 63 characters each and 253 together (RFC 1035). */
export const isDomainName = (name: string): boolean =>
  name.length <= 253 && name.split('.').every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
