// Faults on purpose: calls that are refused, cut off, slow, or end their caller, before or after they took effect.
import { ApiError } from './service.ts';
import type { FaultAction, FaultMatch, Faults } from './types.ts';

/** The connection breaks without an answer; the endpoint destroys the socket. */
export class ConnectionCut extends Error {
  override readonly name = 'ConnectionCut';
}

interface Plan {
  match: FaultMatch;
  action: FaultAction;
  skip: number;
  times: number;
}

type Call = Parameters<Faults['around']>[0];

export const createFaults = (): Faults => {
  let plans: Plan[] = [];

  const matches = ({ match }: Plan, { region, service, operation, caller }: Call): boolean =>
    (match.region === undefined || match.region === region) &&
    (match.service === undefined || match.service === service) &&
    (match.operation === undefined || match.operation === operation) &&
    (match.actor === undefined ||
      (typeof match.actor === 'string' ? match.actor === caller.actor : match.actor.test(caller.actor ?? '')));

  /** The first plan that has its turn; each matching plan counts the call. */
  const due = (call: Call): FaultAction | undefined => {
    let action: FaultAction | undefined;
    for (const plan of plans.filter((plan) => matches(plan, call))) {
      if (plan.skip > 0) plan.skip -= 1;
      else if (!action && plan.times > 0) {
        plan.times -= 1;
        action = plan.action;
      }
    }
    return action;
  };

  return {
    add: (match, action, { skip = 0, times = Number.POSITIVE_INFINITY } = {}) => {
      const plan: Plan = { match, action, skip, times };
      plans.push(plan);
      return () => {
        plans = plans.filter((other) => other !== plan);
      };
    },
    clear: () => {
      plans = [];
    },
    around: async (call, run) => {
      const action = due(call);
      if (!action) return run();
      const happen = (): never => {
        if (action.kind === 'error')
          throw new ApiError(action.code, action.status, `A fault on purpose: ${action.code}.`);
        if (action.kind === 'kill') call.caller.kill?.();
        throw new ConnectionCut('A fault on purpose: the connection is cut.');
      };
      if (action.kind === 'delay') {
        await new Promise((resolve) => setTimeout(resolve, action.ms));
        return run();
      }
      if (action.when === 'before') return happen();
      await run();
      return happen();
    },
  };
};
