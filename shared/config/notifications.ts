import { z } from 'zod';
import { TOPICS } from '../notify/topics.ts';
import { duration, schedule } from './units.ts';

/** Functions read only secrets of this name; the URL or key in it is itself the right to post. */
const webhookSecret = z
  .string()
  .regex(/^lifeboat\/webhooks\/[\w/+=.@-]{1,100}$/, 'a secret named "lifeboat/webhooks/…", in both regions');

/** Somebody who is told, and by which way. */
export const Subscriber = z.union(
  [
    z.strictObject({ email: z.email() }),
    z.strictObject({ sms: z.e164('a telephone number such as +15550100') }),
    /** Gets the message as SNS wraps and signs it, and confirms the subscription itself. */
    z.strictObject({ https: z.url({ protocol: /^https$/, error: 'a URL that begins with https://' }) }),
    /** Secret `{"url": "https://hooks.slack.com/services/…"}` of an incoming webhook. */
    z.strictObject({ slack: webhookSecret }),
    /** Secret `{"routingKey": "…"}` of an Events API v2 integration; `url` in it for another service region. */
    z.strictObject({ pagerduty: webhookSecret }),
  ],
  {
    error:
      'one of { email }, { sms: "+15550100" }, { https: "https://…" }, { slack } or { pagerduty } with the name of a secret "lifeboat/webhooks/…"',
  },
);
export type Subscriber = z.output<typeof Subscriber>;

const subscribers = z
  .array(Subscriber)
  .min(1, 'at least one subscriber')
  .refine(
    (all) => new Set(all.map((one) => JSON.stringify(one))).size === all.length,
    'a subscriber stands here twice',
  );

const Audience = z.strictObject({
  /** `customer`: no name of anything inside, and nothing of drills. */
  wording: z.enum(['internal', 'customer']),
  /** Time between two updates while a failover runs. */
  every: duration,
  to: subscribers,
});

/** Who hears what, by which way, how often. */
export const Notifications = z.strictObject({
  /** By topic. One that is left out has no subscribers of ours. */
  routes: z.partialRecord(z.enum(TOPICS), subscribers).default({}),
  /** Repeats of one trouble within this time are counted, not sent. */
  fold: duration.prefault('15 minutes'),
  /** How often repeats are summed up, unacknowledged messages escalated and due updates sent. */
  followUp: schedule.default('rate(5 minutes)'),
  escalation: z
    .strictObject({
      /** A critical message that nobody acknowledges within this time goes to the next level. */
      after: duration.prefault('15 minutes'),
      levels: z.array(subscribers).max(5).default([]),
    })
    .prefault({}),
  audiences: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]{0,29}$/, 'an audience is named in lower case letters, digits and hyphens'),
      Audience,
    )
    .default({}),
});
export type Notifications = z.output<typeof Notifications>;
