// A message as PagerDuty's Events API v2 takes it (developer documentation, "Send an alert event", 2026-11).
import type { Notice } from '../../shared/notify/message.ts';

const SEVERITY: Record<string, 'critical' | 'warning'> = {
  critical: 'critical',
  disaster: 'critical',
  warning: 'warning',
};

/** One alert for each trouble: opened when it begins, acknowledged and resolved with it. News makes an alert of its own. */
export const pagerDutyEvent = (notice: Notice, routingKey: string): object => {
  const { id, state, platform, region, what, source, since, impact, evidence, next, repeats, recoveryPoint } = notice;
  const routing = { routing_key: routingKey, ...(id ? { dedup_key: id.slice(0, 255) } : {}) };
  if (id && state === 'recovered') return { ...routing, event_action: 'resolve' };
  if (id && state === 'acknowledged') return { ...routing, event_action: 'acknowledge' };
  return {
    ...routing,
    event_action: 'trigger',
    client: 'Lifeboat',
    payload: {
      summary: `${platform}: ${what}`.slice(0, 1024),
      source: `${platform}/${region}`,
      severity: SEVERITY[notice.topic] ?? 'info',
      timestamp: since,
      component: source,
      group: platform,
      class: notice.topic,
      custom_details: {
        impact,
        evidence,
        next,
        repeats: repeats ?? 0,
        state,
        ...(recoveryPoint ? { recoveryPoint } : {}),
      },
    },
  };
};
