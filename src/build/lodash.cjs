// What wasmoon-lua5.1 uses of lodash, in conversions that we never call: all of it would be 9 ms of the start.
module.exports = { isArray: require('lodash/isArray'), isPlainObject: require('lodash/isPlainObject') };
