/** `authentype/dev-server`: an authorization server in this process, for development and tests. */
export {
  createDevHandler,
  createDevServer,
  type DevControls,
  type DevServer,
} from './create-dev-server.ts'
export { type DevFault, type DevFaults, devFaults } from './faults.ts'
export type { DevHandler } from './handler.ts'
export type {
  DevAssertionIssuer,
  DevClient,
  DevHandlerOptions,
  DevServerOptions,
  DevTls,
  DevUser,
} from './options.ts'
export type { RequestInfo } from './read-request.ts'
