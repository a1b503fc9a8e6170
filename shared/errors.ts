/** What every error of ours says: who, which point, what was expected, what was found, and what to do next. */
export interface Facts {
  /** The configured source, or the part of the service that speaks. */
  source: string;
  recoveryPoint?: string;
  expected?: unknown;
  found?: unknown;
  /** An instruction to the reader, as a sentence. */
  next: string;
}

/**
 * Base of every error of ours. Subclasses set a literal `name`: the Lambda runtime reports `error.name` as error type
 * and state machines match on it, so it has to survive minification.
 */
export abstract class LifeboatError extends Error {
  readonly facts: Facts;

  constructor(happened: string, facts: Facts, options?: ErrorOptions) {
    const point = facts.recoveryPoint === undefined ? '' : ` (recovery point ${facts.recoveryPoint})`;
    const expected = facts.expected === undefined ? '' : ` Expected ${asText(facts.expected)}.`;
    const found = facts.found === undefined ? '' : ` Found ${asText(facts.found)}.`;
    super(`${facts.source}${point}: ${happened}${expected}${found} ${facts.next}`, options);
    this.facts = facts;
  }
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** AWS holds something under our name that is not what we would have made. */
export class NameTaken extends LifeboatError {
  override readonly name = 'NameTaken';
}

/** Some sources or points could not be dealt with; the others were. */
export class PartlyDone extends LifeboatError {
  override readonly name = 'PartlyDone';
}
