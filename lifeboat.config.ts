// The platform this checkout protects. Point it at your own configuration; `examples/` has some to start from.
export { default } from './examples/shop.config.ts';
