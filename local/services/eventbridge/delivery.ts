// Hands events to the targets of the rules that match: asynchronously, at least once, again after a failure.
import type { Target } from '@aws-sdk/client-eventbridge';
import type { Caller, Region, Service } from '../../types.ts';
import { recordMetric } from '../cloudwatch/record.ts';
import type { Event } from './event.ts';
import { type FailedDelivery, sendWithRetries } from './retries.ts';
import type { Rule } from './rules.ts';
import { sendToTarget } from './targets.ts';

/** How a test makes delivery worse than usual, within what EventBridge allows itself. */
export interface DeliveryFaults {
  /** Deliveries beyond the first of every event to every target. */
  duplicate?: number;
  /** Loses every event. */
  drop?: boolean;
  /** Milliseconds of region time between an event and its delivery. */
  delayMs?: number;
}

/** How one bus takes an event from another: as it is, with its id and origin. */
export interface Receiver {
  receive(event: Event): void;
}

export const createDelivery = (region: Region, failed: FailedDelivery[]) => {
  const callerFor = (target: Target, rule: Rule): Caller =>
    target.RoleArn
      ? region.world.iam.assume(target.RoleArn, 'events.amazonaws.com', { actor: rule.name, sourceArn: rule.arn })
      : { arn: rule.arn, account: region.account, service: 'events.amazonaws.com', actor: rule.name };

  const forward = async (arn: string, event: Event, caller: Caller): Promise<void> => {
    const home = region.world.region(arn.split(':')[3] ?? region.name);
    await region.world.faults.around(
      { region: home.name, service: 'events', operation: 'PutEvents', caller },
      async () => {
        if (!home.alive) throw new Error(`the region ${home.name} does not answer.`);
        region.world.iam.authorize(caller, { action: 'events:PutEvents', resource: arn });
        (home.services.get('events') as (Service & Receiver) | undefined)?.receive(event);
      },
    );
  };

  const deliver = (rule: Rule, target: Target, event: Event): Promise<void> =>
    sendWithRetries({
      region,
      reason: `event to ${target.Arn}`,
      policy: target.RetryPolicy,
      send: async () => {
        if (!region.alive) throw new Error(`the region ${region.name} is down.`);
        const arn = target.Arn ?? '';
        const caller = callerFor(target, rule);
        if (arn.startsWith('arn:aws:events:')) return forward(arn, event, caller);
        return sendToTarget(region, { arn, payload: JSON.stringify(event), caller });
      },
      onGivenUp: (error, attempts) => {
        failed.push({
          rule: rule.name,
          target: target.Arn ?? '',
          error: error.message,
          attempts,
          at: region.clock.now(),
        });
        recordMetric(region, 'AWS/Events', 'FailedInvocations', 1, { RuleName: rule.name });
      },
    });

  return (rules: Rule[], event: Event, faults: DeliveryFaults): void => {
    if (faults.drop) return;
    const at = new Date(region.clock.now().getTime() + (faults.delayMs ?? 0));
    const times = 1 + (faults.duplicate ?? 0);
    for (const rule of rules.filter(({ state, pattern }) => state !== 'DISABLED' && pattern(event))) {
      recordMetric(region, 'AWS/Events', 'MatchedEvents', 1, { RuleName: rule.name });
      for (const target of rule.targets.values()) {
        for (let time = 0; time < times; time += 1) {
          if (faults.delayMs) region.clock.at(at, () => deliver(rule, target, event));
          else void deliver(rule, target, event);
        }
      }
    }
  };
};
