// Puts the chosen platform configuration in place of `#platform`: LIFEBOAT_CONFIG, or lifeboat.config.ts.
const path = require('node:path');

const platform = {
  name: 'platform',
  setup(build) {
    const file = path.resolve(process.env.LIFEBOAT_CONFIG ?? 'lifeboat.config.ts');
    build.onResolve({ filter: /^#platform$/ }, () => ({ path: file }));
  },
};

module.exports = [platform];
