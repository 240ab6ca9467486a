import { clientSettings } from '../connection.js';
import { coreSettings } from '../commands/core.js';
import { gatewaySettings } from '../commands/gateway.js';
import { principalSettings } from '../commands/principal.js';
import type { SECTION_NAMES } from './load.js';
import type { Settings } from './settings.js';

/** The settings of every section of a config file. */
export const SECTIONS: Readonly<Record<(typeof SECTION_NAMES)[number], Settings>> = {
  core: coreSettings,
  principal: principalSettings,
  gateway: gatewaySettings,
  client: clientSettings,
};
