import { Recovery } from '../../shared/config/recovery.ts';
import platform from './recovery.config.ts';

/** The shop's recovery with a cache and workloads on Kubernetes. */
export default {
  ...platform,
  recovery: Recovery.parse({
    objectives: { rto: '1 hour', rpo: '15 minutes' },
    approval: { mode: 'required', deadline: '15 minutes' },
    assessment: { schedule: 'rate(1 minute)', probes: [{ name: 'orders', url: 'https://orders.shop.example/health' }] },
    canary: { schedule: 'rate(1 minute)' },
    database: { source: 'shop-db', fence: { roles: ['shop_app'] } },
    cache: { source: 'shop-cache' },
    workloads: {
      clusters: { primary: 'shop-primary', recovery: 'shop' },
      namespace: 'shop',
      configMap: 'shop-endpoints',
      keys: {},
      deployments: [
        { name: 'web', replicas: 2 },
        { name: 'worker', replicas: 1 },
      ],
    },
    endpoints: [{ name: 'orders', url: 'https://orders.shop.example/health' }],
  }),
};
