import type { LocalNetwork } from '@enigma-worker/local';
import { connect } from '@enigma-worker/client';
import { randomBytes, toHex } from '@enigma-worker/crypto';
import { fetchStateKeys, type PrincipalClientError } from '@enigma-worker/principal';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { enigma, enigmaJson, flags, serveForTest, temporaryFolder } from './support/enigma.js';
import { startNetwork } from './support/world.js';

const { path: folder, remove } = temporaryFolder();
const at = (name: string): string => join(folder, name);
let network: LocalNetwork;

beforeAll(async () => {
  network = await startNetwork(folder);
  writeFileSync(at('lenient.json'), JSON.stringify({ allowSimulation: true }));
  writeFileSync(
    at('strict.json'),
    JSON.stringify({ allowSimulation: true, claims: { sealingModes: ['passphrase'] } }),
  );
});

afterAll(async () => {
  await network.close();
  remove();
});

describe('enigma attest', () => {
  it('describes the report of a core', async () => {
    const { code, stdout } = await enigma(['attest', 'show', '--endpoint', network.endpoint]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`signing address +0x${toHex(network.signingAddress)}`));
    expect(stdout).toMatch(/kind +SIMULATION: no hardware protects this worker/);
    expect(stdout).toMatch(/claims sealing +simulation\n/);
  });

  it('verifies by a policy, from a core or a kept report, and refuses with the reason', async () => {
    const kept = await enigmaJson<{ report: string }>(['attest', 'show', '--endpoint', network.endpoint]);
    writeFileSync(at('report.json'), JSON.stringify(kept));
    writeFileSync(at('forged.json'), JSON.stringify({ ...kept, signingKey: '00'.repeat(20) }));
    writeFileSync(at('junk.json'), '{"report": 7}');
    writeFileSync(at('misspelt.json'), '{"alowSimulation": true}');
    const verify = (...args: string[]) => enigma(['attest', 'verify', ...args]);
    const policy = (name: string): string[] => ['--policy', at(`${name}.json`)];
    const report = (name: string): string[] => ['--report', at(`${name}.json`)];
    const [live, accepted, byDefault, strict, forged, junk, misspelt] = await Promise.all([
      verify(...policy('lenient'), '--endpoint', network.endpoint),
      verify(...policy('lenient'), ...report('report'), '--json'),
      verify(...report('report')),
      verify(...policy('strict'), ...report('report')),
      verify(...policy('lenient'), ...report('forged'), '--json'),
      verify(...policy('lenient'), ...report('junk')),
      verify(...policy('misspelt'), ...report('report')),
    ]);
    expect(live.code).toBe(0);
    expect(live.stdout).toMatch(/accepted: SIMULATION: no hardware protects this worker\n$/);
    expect(accepted.code).toBe(0);
    expect(JSON.parse(accepted.stdout)).toMatchObject({ ok: true, report: { kind: 'simulation' } });
    expect(byDefault.code).toBe(1);
    expect(byDefault.stdout).toMatch(/refused: .*\(SIMULATION_NOT_ALLOWED\)\n$/);
    expect(strict.code).toBe(1);
    expect(strict.stdout).toMatch(/refused: .*sealing mode.*\(CLAIM_NOT_ACCEPTED\)\n$/);
    expect(forged.code).toBe(1);
    expect(JSON.parse(forged.stdout)).toMatchObject({ ok: false, code: 'NOT_BY_SIGNING_KEY' });
    expect(junk).toMatchObject({ code: 2 });
    expect(junk.stderr).toMatch(/expected JSON with signingKey, report and signature in hex\n$/);
    expect(misspelt).toMatchObject({ code: 1, stderr: 'policy.alowSimulation: unknown field\n' });
  });

  const hasPlatform = existsSync('/dev/attestation') || existsSync('/sys/kernel/config/tsm/report');
  it.skipIf(hasPlatform).each([
    ['gramine', /^attestation: cannot .*; run the core under gramine-sgx, .*--attestation auto\)\n$/],
    ['tsm', /^attestation: cannot .*; .*\/sys\/kernel\/config\/tsm\/report.*--attestation auto\)\n$/],
  ])('is not there: a core that was told to attest by %s does not start', async (attestation, says) => {
    const dataDir = at(`no-${attestation}`);
    const { code, stderr } = await enigma(['core', ...flags({ dataDir, port: '0', attestation })]);
    expect(code).toBe(1);
    expect(stderr).toMatch(says);
  });

  it('registers a core with a principal whose policy it satisfies', async () => {
    const start = (name: string) =>
      serveForTest([
        'principal',
        ...flags({ dataDir: at(name), listen: '127.0.0.1:0' }),
        ...flags({ policyFile: at(`${name}.json`), registrationHours: '2' }),
      ]);
    const [lenient, strict] = await Promise.all([start('lenient'), start('strict')]);
    const register = (url: unknown) =>
      enigma(['attest', 'register', '--endpoint', network.endpoint, '--principal', String(url)]);
    const [accepted, refused] = await Promise.all([
      register(lenient.started['url']),
      register(strict.started['url']),
    ]);
    expect(accepted.code).toBe(0);
    const until = Date.parse(/registered until (\S+)/.exec(accepted.stdout)![1]!);
    expect(until - Date.now()).toBeGreaterThan(1.9 * 3_600_000);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^principal: registration refused: CLAIM_NOT_ACCEPTED.*\n$/);
  });

  it('stays registered when the principal is killed, unless its policy has become stricter', async () => {
    const policyFile = at('survivor.json');
    const lenient = readFileSync(at('lenient.json'));
    writeFileSync(policyFile, lenient);
    const args = ['principal', ...flags({ dataDir: at('survivor'), listen: '127.0.0.1:0', policyFile })];
    const core = connect(network.endpoint);
    onTestFinished(() => core.close());
    const isAdmitted = async (principal: unknown): Promise<boolean> => {
      const addresses = [randomBytes(32)];
      const request = await core.getPTTRequest({ addresses });
      const answer = fetchStateKeys(String(principal), { ...request, addresses }, { retries: 0 });
      return await answer.then(
        () => true,
        (error: PrincipalClientError) => {
          expect(error.code).toBe('NOT_AUTHORISED');
          return false;
        },
      );
    };
    const admittedAfterKill: boolean[] = [];
    for (const policy of [lenient, lenient, readFileSync(at('strict.json')), lenient]) {
      writeFileSync(policyFile, policy);
      const server = await serveForTest(args);
      const url = server.started['url'];
      admittedAfterKill.push(await isAdmitted(url));
      if (admittedAfterKill.length === 1) {
        const register = ['attest', 'register', '--endpoint', network.endpoint, '--principal', String(url)];
        expect((await enigma(register)).code).toBe(0);
      }
      server.signal('SIGKILL');
      await server.stop();
    }
    expect(admittedAfterKill).toEqual([false, true, false, true]);
  });
});
