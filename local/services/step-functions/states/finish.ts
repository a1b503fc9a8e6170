import type { Outcome, Visit } from '../execution/frame.ts';
import { viewOf } from '../execution/frame.ts';
import type { Json, JsonObject, Template } from '../language/definition.ts';
import { checkSize } from '../language/errors.ts';
import { evaluate } from '../language/expressions.ts';

interface Finish {
  /** The state, or the rule or catcher that leaves it. */
  part: { Assign?: JsonObject; Output?: Template };
  more?: { result?: Json; errorOutput?: Json };
  /** What goes on where no Output is written. */
  otherwise: Json;
  next: string | undefined;
  place?: string;
}

/** Assign and Output both see the variables as they were on entering the state. */
export const finish = async (visit: Visit, { part, more, otherwise, next, place = '' }: Finish): Promise<Outcome> => {
  const view = viewOf(visit, more);
  const output = part.Output === undefined ? otherwise : await evaluate(part.Output, view, `${place}Output`);
  const assigned = (await evaluate(part.Assign ?? {}, view, `${place}Assign`)) as JsonObject;
  checkSize(assigned, `Assign of state '${visit.name}'`);
  return { output: checkSize(output, `The output of state '${visit.name}'`), assigned, next };
};
