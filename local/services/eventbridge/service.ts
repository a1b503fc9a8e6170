// EventBridge of the local region: the default bus, its rules, and the delivery of what they match.
import { randomUUID } from 'node:crypto';
import * as sdk from '@aws-sdk/client-eventbridge';
import { defineService, type Operations } from '../../service.ts';
import type { BusEvent, Check, Region, Service } from '../../types.ts';
import { createDelivery, type DeliveryFaults, type Receiver } from './delivery.ts';
import type { Event } from './event.ts';
import type { FailedDelivery } from './retries.ts';
import { createRules, invalid, type Rule } from './rules.ts';

/** EventBridge quotas, 2026-11. */
const MAX_ENTRY = 1_048_576;
const MAX_ENTRIES = 10;

export interface EventBridge extends Service, Receiver {
  /** Puts an event of an AWS service on the default bus. */
  put(event: BusEvent): void;
  deliver: DeliveryFaults;
  /** Deliveries that were given up, oldest first. */
  failedDeliveries: FailedDelivery[];
  /** Every event that reached the bus, oldest first. */
  events: Event[];
}

export const createEventBridge = (region: Region): EventBridge => {
  const rules = createRules(region);
  const failedDeliveries: FailedDelivery[] = [];
  const events: Event[] = [];
  const dispatch = createDelivery(region, failedDeliveries);
  const busArn = `arn:aws:events:${region.name}:${region.account}:event-bus/default`;

  const receive = (event: Event): void => {
    events.push(event);
    dispatch(rules.all(), event, service.deliver);
  };
  const accept = (event: BusEvent & { time?: Date }): string => {
    const id = randomUUID();
    receive({
      version: '0',
      id,
      'detail-type': event['detail-type'],
      source: event.source,
      account: region.account,
      time: (event.time ?? region.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
      region: region.name,
      resources: event.resources ?? [],
      detail: event.detail,
    });
    return id;
  };

  const putEntry = (entry: sdk.PutEventsRequestEntry): sdk.PutEventsResultEntry => {
    requireDefaultBus(entry.EventBusName, busArn);
    const { Source, DetailType, Detail = '' } = entry;
    if (!Source || !DetailType) return refused('Parameter Source and DetailType are required.');
    if (Source.startsWith('aws.'))
      return refused(`Source ${Source} is reserved for AWS.`, 'NotAuthorizedForSourceException');
    if (Buffer.byteLength(Detail + Source + DetailType) > MAX_ENTRY)
      return refused(`Entry is larger than ${MAX_ENTRY} bytes.`);
    const detail = parseObject(Detail);
    if (!detail) return refused('Detail is malformed.', 'MalformedDetail');
    const id = accept({
      ...{ source: Source, 'detail-type': DetailType, detail },
      resources: entry.Resources ?? [],
      ...(entry.Time && { time: entry.Time }),
    });
    return { EventId: id };
  };

  const operations: Operations<typeof sdk> = {
    PutRule: async (input: sdk.PutRuleRequest) => {
      requireDefaultBus(input.EventBusName, busArn);
      if (input.ScheduleExpression)
        throw invalid('Rules with a schedule are not offered here. Use EventBridge Scheduler.');
      if (!input.EventPattern) throw invalid('Parameter(s) EventPattern or ScheduleExpression must be specified.');
      const { Name: name = '', Description: description, EventPattern: pattern, State: state } = input;
      return { RuleArn: rules.put({ name, description, pattern, state }).arn };
    },
    PutTargets: async (input: sdk.PutTargetsRequest) => {
      for (const target of input.Targets ?? []) rules.putTarget(input.Rule, target);
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
    RemoveTargets: async (input: sdk.RemoveTargetsRequest) => {
      for (const id of input.Ids ?? []) rules.get(input.Rule).targets.delete(id);
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
    DeleteRule: async (input: sdk.DeleteRuleRequest) => {
      rules.remove(input.Name);
      return {};
    },
    DescribeRule: async (input: sdk.DescribeRuleRequest) => describeRule(rules.get(input.Name)),
    ListRules: async (input: sdk.ListRulesRequest) => ({
      Rules: rules
        .all()
        .filter(({ name }) => name.startsWith(input.NamePrefix ?? ''))
        .map(describeRule),
    }),
    ListTargetsByRule: async (input: sdk.ListTargetsByRuleRequest) => ({
      Targets: [...rules.get(input.Rule).targets.values()],
    }),
    PutEvents: async (input: sdk.PutEventsRequest) => {
      const entries = input.Entries ?? [];
      if (entries.length < 1 || entries.length > MAX_ENTRIES)
        throw invalid(`Entries: expected 1 to ${MAX_ENTRIES}, found ${entries.length}.`);
      const Entries = entries.map(putEntry);
      return { FailedEntryCount: Entries.filter(({ ErrorCode }) => ErrorCode).length, Entries };
    },
  };

  const authorize = (operation: string, input: unknown): Check[] => {
    const { Name, Rule: rule } = input as { Name?: string; Rule?: string };
    const named = rule ?? (operation === 'ListRules' ? undefined : Name);
    if (operation === 'PutEvents') return [{ action: 'events:PutEvents', resource: busArn }];
    const resource = named ? `arn:aws:events:${region.name}:${region.account}:rule/${named}` : '*';
    return [{ action: `events:${operation}`, resource }];
  };

  const service: EventBridge = {
    ...defineService(sdk, operations),
    authorize,
    put: (event) => void accept(event),
    receive,
    deliver: {},
    failedDeliveries,
    events,
  };
  return service;
};

const describeRule = ({ name, arn, description, patternText, state }: Rule): sdk.DescribeRuleResponse => ({
  ...{ Name: name, Arn: arn, EventPattern: patternText, State: state, EventBusName: 'default' },
  ...(description !== undefined && { Description: description }),
});

const refused = (ErrorMessage: string, ErrorCode = 'InvalidArgument'): sdk.PutEventsResultEntry => ({
  ErrorCode,
  ErrorMessage,
});

const requireDefaultBus = (name: string | undefined, busArn: string): void => {
  if (name === undefined || name === 'default' || name === busArn) return;
  throw new sdk.ResourceNotFoundException({ message: `Event bus ${name} does not exist.`, $metadata: {} });
};

const parseObject = (text: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
};
