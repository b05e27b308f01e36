import { defineProject } from '@tidemill/sdk';

/** How warm will it be tomorrow? One entity, one view, one service, and the endpoint that reads it. */
export default defineProject({
  name: 'warmest',
  entities: {
    city: { owner: 'weather', joinKeys: [{ name: 'location', type: 'text' }] },
  },
  featureViews: {
    recent_days: {
      description: 'The last day and the week before it, known at the midnight after',
      owner: 'weather',
      sql: `
        select location, cast(date as timestamp) + interval 1 day as event_time,
          temp_max, temp_min, precipitation,
          avg(temp_max) over (partition by location order by date rows between 6 preceding and current row) as week_mean
        from weather`,
      entities: ['city'],
      eventTime: 'event_time',
      freshness: '36h',
    },
  },
  featureServices: {
    warmest_tomorrow: {
      features: ['recent_days'],
      onDemand: [{ name: 'spread', type: 'double', expression: 'temp_max - temp_min' }],
    },
  },
  gates: {
    warmest: {
      rules: [
        {
          name: 'better-than-naive',
          expression: 'baseline == null || metrics.mae < baseline.mae',
          message: 'the mean absolute error must be below that of "as warm as today"',
        },
      ],
    },
  },
  endpoints: {
    warmest: {
      description: 'The highest temperature of the coming day, in °C',
      variants: [{ name: 'main', model: 'warmest@1', weight: 1, service: 'warmest_tomorrow@1' }],
      entity: ['location'],
    },
  },
});
