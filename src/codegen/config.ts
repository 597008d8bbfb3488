import type { GenerateOptions } from './options.ts'

/**
 * What `authentype.config.ts`, `.js`, `.mjs` or `.json` holds: one client or several. Paths are relative to its folder.
 */
export type GenerateConfig = GenerateOptions | readonly GenerateOptions[]

/**
 * Gives a configuration file its types.
 *
 * @example
 * export default defineConfig({ document: 'provider.yaml', out: 'src/generated', oauth: { getKeys: 'jwks_uri' } })
 */
export function defineConfig<const Config extends GenerateConfig>(config: Config): Config {
  return config
}
