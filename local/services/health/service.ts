// AWS Health: what AWS says of its own regions, asked in us-east-1 or us-east-2. Nothing happens here by itself: whoever tells a story or tests puts events in.
import * as sdk from '@aws-sdk/client-health';
import { ApiError, defineService } from '../../service.ts';
import type { Service } from '../../types.ts';

export interface HealthService extends Service {
  /** What DescribeEvents knows of, newest first. */
  readonly events: sdk.Event[];
  /** An account without a support plan is refused. */
  subscribed: boolean;
}

export const createHealth = (): HealthService => {
  const events: sdk.Event[] = [];
  const service: HealthService = {
    ...defineService(sdk, {
      async DescribeEvents({ filter }: sdk.DescribeEventsCommandInput) {
        if (!service.subscribed)
          throw new ApiError(
            'SubscriptionRequiredException',
            400,
            'AWS Premium Support Subscription is required to use this service.',
          );
        const among = (asked: readonly string[] | undefined, value: string | undefined): boolean =>
          !asked || asked.includes(value ?? '');
        return {
          events: events.filter(
            ({ region, service: of, statusCode, eventTypeCategory }) =>
              among(filter?.regions, region) &&
              among(filter?.services, of) &&
              among(filter?.eventStatusCodes, statusCode) &&
              among(filter?.eventTypeCategories, eventTypeCategory),
          ),
        };
      },
    }),
    worldwide: true,
    events,
    subscribed: true,
  };
  return service;
};
