import { paths } from './endpoints.ts'
import { frontPage } from './pages/front-page.ts'
import type { Route } from './token-routes.ts'

/** Whoever opens the issuer in a browser learns that it runs, what there is to see, and who can log in. */
export const front: Route = async ({ issuer, configuredUsers, clients }) =>
  frontPage({
    issuer,
    users: configuredUsers.map(({ username }) => username),
    clients: clients.names(),
    links: [
      { path: paths.openIdConfiguration, text: 'Metadata' },
      { path: paths.device, text: 'Connect a device' },
      { path: paths.inbox, text: 'Answer what applications ask' },
      { path: paths.offer, text: 'Make a pre-authorized code' },
      { path: paths.endSession, text: 'Log out' },
    ],
  })
