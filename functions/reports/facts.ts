// What a phase left behind, in words: facts are data for later phases, and people read the report.
import type { Facts } from '../../shared/recovery/documents.ts';
import { type Html, html } from './html.ts';

type Fact = Facts[string];

/** What only the machine reads. */
const PLUMBING = ['path', 'limits', 'approval'];
const LONGEST = 320;
const ISO_TIME = /^\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)(\.\d+)?Z$/;

export const factsInWords = (facts: Facts): Html[] =>
  Object.entries(facts)
    .filter(([name]) => !PLUMBING.includes(name))
    .map(([name, value]) => html`<div><span class="sub">${nameInWords(name)}</span> ${cut(inWords(value))}</div>`);

/** `lossSeconds` is read as `loss seconds`; names of others, such as DATABASE_HOST, stay as they are. */
const nameInWords = (name: string): string =>
  /^[a-z]/.test(name) ? name.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase() : name;

const inWords = (value: Fact): string => {
  if (value === null) return 'not known';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return String(Number.isInteger(value) ? value : Number(value.toPrecision(3)));
  if (typeof value === 'string') return ISO_TIME.exec(value)?.[1] ?? value;
  if (Array.isArray(value)) return value.map(inWords).join('; ') || 'none';
  return Object.entries(value)
    .map(([name, of]) => `${nameInWords(name)} ${inWords(of)}`)
    .join(', ');
};

const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
