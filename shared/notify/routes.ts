import type { Notifications, Subscriber } from '../config/notifications.ts';
import { audienceTopic, escalationTopic, TOPICS } from './topics.ts';

/** Every topic of a deployment with those who are told through it: by severity and purpose, by level, by audience. */
export const subscribersByTopic = ({ routes, escalation, audiences }: Notifications): Map<string, Subscriber[]> =>
  new Map([
    ...TOPICS.map((topic): [string, Subscriber[]] => [topic, routes[topic] ?? []]),
    ...escalation.levels.map((to, index): [string, Subscriber[]] => [escalationTopic(index + 1), to]),
    ...Object.entries(audiences).map(([name, { to }]): [string, Subscriber[]] => [audienceTopic(name), to]),
  ]);

export type Webhook = Extract<Subscriber, { slack: string } | { pagerduty: string }>;

/** These cannot subscribe by themselves: a function forwards to them. */
export const isWebhook = (subscriber: Subscriber): subscriber is Webhook =>
  'slack' in subscriber || 'pagerduty' in subscriber;
