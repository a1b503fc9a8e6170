/**
 * How Step Functions spells what it calls through `aws-sdk:`. It speaks AWS SDK for Java 2: `DBInstanceIdentifier` is
 * `DbInstanceIdentifier`, `DBInstanceNotFoundFault` is `Rds.DbInstanceNotFoundException`.
 */

/** A member as Java's getter is named, with a capital: a leading run of capitals becomes one word. */
export const memberName = (member: string): string => {
  const run = /^[A-Z]+(?![a-z])/.exec(member)?.[0] ?? '';
  return member.charAt(0).toUpperCase() + run.slice(1).toLowerCase() + member.slice(Math.max(run.length, 1));
};

/** AWS refuses what it does not know in these words; the hint is ours. */
export const notSupported = (key: string, known: string[]): string => {
  const meant = known.find((name) => name.toLowerCase() === key.toLowerCase());
  const hint = meant === undefined ? '' : `; it spells it '${meant}'`;
  return `the field '${key}' is not supported by Step Functions${hint}`;
};

const words = (name: string): string[] =>
  name
    .replace(/[^A-Za-z0-9]+/g, ' ')
    .replace(/(?<=[a-z])(?=[A-Z][a-zA-Z0-9])/g, ' ')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .replace(/([0-9])([a-zA-Z])/g, '$1 $2')
    .split(' ')
    .filter(Boolean);

/** "Be sure to append the Exception suffix … even if it's not part of the error name" (guide, SDK integrations, 2026-11). */
export const exceptionName = (shape: string): string => {
  const base = shape.replace(/(Fault|Exception)$/, '');
  return `${words(base)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase())
    .join('')}Exception`;
};

export interface SdkService {
  signingName: string;
  /** As in error names. */
  title: string;
}

/** Services by the name used in `arn:aws:states:::aws-sdk:<name>:…`. */
export const SDK_SERVICES: Record<string, SdkService> = { rds: { signingName: 'rds', title: 'Rds' } };
