import type { Scenario } from '../scenario.ts'
import { callbackScenarios } from './callback.ts'
import { discoveryScenarios } from './discovery.ts'
import { dpopScenarios } from './dpop.ts'
import { endpointScenarios } from './endpoints.ts'
import { idTokenAcceptedScenarios } from './id-token-accepted.ts'
import { idTokenClaimScenarios } from './id-token-claims.ts'
import { idTokenHeaderScenarios } from './id-token-header.ts'
import { idTokenShapeScenarios } from './id-token-shape.ts'
import { idTokenSignatureScenarios } from './id-token-signature.ts'
import { jwksScenarios } from './jwks.ts'
import { parScenarios } from './par.ts'
import { refreshScenarios } from './refresh.ts'
import { sessionScenarios, verifyScenarios } from './session.ts'
import { tokenScenarios } from './token.ts'

/** Every scenario there is; a new file of them is added here. */
export const scenarios: readonly Scenario[] = [
  ...discoveryScenarios,
  ...parScenarios,
  ...callbackScenarios,
  ...tokenScenarios,
  ...idTokenShapeScenarios,
  ...idTokenHeaderScenarios,
  ...idTokenSignatureScenarios,
  ...idTokenClaimScenarios,
  ...idTokenAcceptedScenarios,
  ...jwksScenarios,
  ...dpopScenarios,
  ...refreshScenarios,
  ...sessionScenarios,
  ...verifyScenarios,
  ...endpointScenarios,
]
