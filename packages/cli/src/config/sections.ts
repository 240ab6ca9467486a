import { clientSettings } from '../connection.js';
import { coreSettings } from '../commands/core.js';
import { gatewaySettings } from '../commands/gateway.js';
import { principalSettings } from '../commands/principal.js';
import { backupSettings } from '../commands/principal-secrets.js';
import { statusSettings } from '../commands/status.js';
import { resealSettings } from './reseal.js';
import type { SECTION_NAMES } from './load.js';
import type { Settings } from './settings.js';

/** The settings of every section of a config file. */
export const SECTIONS: Readonly<Record<(typeof SECTION_NAMES)[number], Settings>> = {
  core: coreSettings,
  principal: principalSettings,
  gateway: gatewaySettings,
  client: clientSettings,
};

/** Settings that only tools have, in the section of the server that they are about. */
export const TOOL_SECTIONS: Readonly<Record<(typeof SECTION_NAMES)[number], Settings>> = {
  core: without(coreSettings, { ...statusSettings, ...resealSettings }),
  principal: without(principalSettings, { ...backupSettings, ...resealSettings }),
  gateway: {},
  client: {},
};

function without(known: Settings, settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !Object.hasOwn(known, name)));
}
