// The events of one execution, as GetExecutionHistory returns them.

import type { HistoryEvent, HistoryEventType } from '@aws-sdk/client-sfn';
import type { Clock } from '../../../types.ts';

/** "25,000 events in a single state machine execution history" (Step Functions quotas, 2026-11). */
const MAX_EVENTS = 25_000;

export interface History {
  readonly events: HistoryEvent[];
  /** Returns the id of the event. The last places are kept for the end of the execution. */
  add(type: HistoryEventType, previous: number, details?: object): number;
}

const detailsField = (type: string): string => {
  const state = /State(Entered|Exited)$/.exec(type);
  return state ? `state${state[1]}EventDetails` : `${type.charAt(0).toLowerCase()}${type.slice(1)}EventDetails`;
};

const isEnd = (type: string): boolean => type.startsWith('Execution');

export const createHistory = (clock: Clock, full: () => void): History => {
  const events: HistoryEvent[] = [];
  return {
    events,
    add(type, previous, details) {
      if (events.length >= MAX_EVENTS - 1 && !isEnd(type)) {
        full();
        return previous;
      }
      const id = events.length + 1;
      events.push({
        id,
        previousEventId: previous,
        timestamp: clock.now(),
        type,
        ...(details && { [detailsField(type)]: details }),
      });
      return id;
    },
  };
};
