import type { LocalWorld } from '../../local/world.ts';

/** One call a function makes to the outside, however often. */
export interface Call {
  actor: string;
  service: string;
  operation: string;
}

/** Notes every distinct call that functions make until `stop` is called, in the order of their first time. */
export const recordCalls = (world: LocalWorld): { stop(): Call[] } => {
  const seen = new Map<string, Call>();
  const { around } = world.faults;
  world.faults.around = (call, run) => {
    const actor = call.caller.actor;
    // Only functions have a process that can be killed.
    if (actor && call.caller.kill)
      seen.set(`${actor} ${call.service} ${call.operation}`, {
        actor,
        service: call.service,
        operation: call.operation,
      });
    return around(call, run);
  };
  return {
    stop: () => {
      world.faults.around = around;
      return [...seen.values()];
    },
  };
};
