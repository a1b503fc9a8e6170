import shop from '../../examples/shop.config.ts';
import { Recovery } from '../../shared/config/recovery.ts';

/** The shop with a recovery of its database and nothing else. */
export default {
  ...shop,
  recovery: Recovery.parse({
    objectives: { rto: '1 hour', rpo: '15 minutes' },
    approval: { mode: 'required', deadline: '15 minutes' },
    assessment: { schedule: 'rate(1 minute)', probes: [{ name: 'orders', url: 'https://orders.shop.example/health' }] },
    canary: { schedule: 'rate(1 minute)' },
    database: { source: 'shop-db', fence: { roles: ['shop_app'] } },
    endpoints: [{ name: 'orders', url: 'https://orders.shop.example/health' }],
  }),
};
