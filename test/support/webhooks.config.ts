import shop from '../../examples/shop.config.ts';
import type { Platform } from '../../shared/config/schema.ts';

/** The shop with webhooks on its critical topic, and one for an audience. */
export default {
  ...shop,
  notifications: {
    ...shop.notifications,
    routes: {
      ...shop.notifications.routes,
      critical: [
        { email: 'oncall@shop.example' },
        { slack: 'lifeboat/webhooks/alerts' },
        { pagerduty: 'lifeboat/webhooks/oncall' },
      ],
      info: [{ slack: 'lifeboat/webhooks/alerts' }],
    },
  },
} satisfies Platform;
