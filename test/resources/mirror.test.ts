import { describe, expect, it } from 'vitest';
import shop from '../../examples/shop.config.ts';
import { planAlarms } from '../../resources/alarms.ts';
import { deploymentOf } from '../../resources/names.ts';
import { planSchedules } from '../../resources/schedules.ts';
import mirrored from '../support/mirror.config.ts';

const deployment = deploymentOf(mirrored, 'primary', 'dev');

describe('a mirror in the deployment', () => {
  it('is measured with everything else, and only where there is one', () => {
    const functions = (of: typeof deployment) =>
      planSchedules(of).flatMap(({ target }) => ('function' in target ? target.function : []));
    expect(functions(deployment)).toContain('kafkaMeasureMirrors');
    expect(functions(deploymentOf(shop, 'primary', 'dev'))).not.toContain('kafkaMeasureMirrors');
  });

  it('has an alarm above the messages that it may be behind, of the cluster that is mirrored alone', () => {
    const alarms = planAlarms(deployment).filter(({ metric }) => metric === 'MirrorLag');
    expect(alarms).toMatchObject([{ name: 'shop-events-mirror-lag', threshold: 1000, topic: 'warning' }]);
  });
});
