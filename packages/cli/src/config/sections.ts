import { clientSettings } from '../connection.js';
import { coreSettings } from '../commands/core.js';
import { gatewaySettings } from '../commands/gateway.js';
import { principalSettings } from '../commands/principal.js';
import type { Settings } from './settings.js';

/** Every section of a config file. */
export const SECTIONS: Readonly<Record<string, Settings>> = {
  core: coreSettings,
  principal: principalSettings,
  gateway: gatewaySettings,
  client: clientSettings,
};
