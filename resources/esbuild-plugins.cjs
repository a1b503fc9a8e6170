// Puts the chosen platform configuration in place of `#platform`.
const { file } = require('./platform.cjs');

const platform = {
  name: 'platform',
  setup(build) {
    build.onResolve({ filter: /^#platform$/ }, () => ({ path: file }));
  },
};

module.exports = [platform];
