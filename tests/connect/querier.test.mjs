// SPDX-License-Identifier: Apache-2.0

/**
 * The querier, as the official Connect client for Node asks it:
 *
 *     node tests/connect/querier.test.mjs URL DESCRIPTORS COMM FUNCTION
 *
 * asks the daemon at URL, in protobuf and in JSON, compressed and not, and compares what it says
 * of the processes called COMM, whose time is in FUNCTION, with the pprof of the same samples.
 * DESCRIPTORS is a file in which protoc-c has written what querier_service.proto says.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';

import { create, createFileRegistry, fromBinary, toBinary, toJson } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { compressionGzip, createConnectTransport } from '@connectrpc/connect-node';

const [url, descriptors, comm, fn] = process.argv.slice(2);
const registry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, readFileSync(descriptors)),
);
const service = registry.getService('querier.v1.QuerierService');
const Profile = registry.getMessage('pprof.Profile');

const CPU = 'process_cpu:cpu:nanoseconds:cpu:nanoseconds';
const COUNT = 'process_cpu:samples:count:cpu:nanoseconds';
const SELECTOR = `{comm="${comm}"}`;
const SAMPLES = 500n; // that are enough to be compared
const SETTLED_MS = 1500;
const DEADLINE_MS = 60000;
const RANGE_MS = 60000n;
const deadline = Date.now() + DEADLINE_MS;

/** Clients that differ in how they say the same. */
const clients = [true, false].flatMap((useBinaryFormat) =>
  [true, false].map((isCompressed) => ({
    name: `${useBinaryFormat ? 'protobuf' : 'JSON'}${isCompressed ? ', compressed' : ''}`,
    client: createClient(
      service,
      createConnectTransport({
        baseUrl: url,
        httpVersion: '1.1',
        useBinaryFormat,
        acceptCompression: isCompressed ? [compressionGzip] : [],
        sendCompression: isCompressed ? compressionGzip : null,
        compressMinBytes: 0,
      }),
    ),
  })),
);

/** Declare a test of two clients that have nothing in common. */
function testEach(name, body) {
  for (const each of [clients[0], clients[3]]) test(`${name} (${each.name})`, () => body(each.client));
}

/** The pprof of a range that includes both its ends. */
async function fetchProfile({ start, end }, query = SELECTOR) {
  const parameters = new URLSearchParams({ query, from: `${start}`, to: `${end + 1n}` });
  const answer = await fetch(`${url}/api/v1/profile?${parameters}`);
  assert.equal(answer.status, 200);
  return fromBinary(Profile, gunzipSync(await answer.arrayBuffer()));
}

/** The sum over all samples, of their values of number `i`. */
function total(profile, i) {
  return profile.sample.reduce((sum, sample) => sum + sample.value[i], 0n);
}

/**
 * A range of whole seconds, which no rounding of times splits, with enough samples, all of which
 * have arrived. Its end, a millisecond, is in it.
 */
async function settle() {
  let settled = { count: 0n };
  for (;;) {
    const now = BigInt(Math.floor(Date.now() / 1000)) * 1000n;
    if (settled.count < SAMPLES) settled.range = { start: now - RANGE_MS, end: now - 1n };
    const count = total(await fetchProfile(settled.range), 0);
    if (count !== settled.count) settled = { ...settled, count, since: Date.now() };
    else if (count >= SAMPLES && Date.now() - settled.since > SETTLED_MS) return settled.range;
    assert.ok(Date.now() < deadline, `only ${count} samples`);
    await sleep(200);
  }
}

const range = await settle();

/** The bars as {name, start, total, self, level}; they must lie within those above them. */
function barsOf(flamegraph) {
  let above = [{ start: 0n, total: flamegraph.total }];
  return flamegraph.levels.flatMap(({ values }, level) => {
    const bars = [];
    let end = 0n;
    for (let i = 0; i < values.length; i += 4) {
      const [offset, barTotal, self, name] = values.slice(i, i + 4);
      const start = end + offset;
      end = start + barTotal;
      assert.ok(offset >= 0n && barTotal >= self && self >= 0n);
      assert.ok(above.some((bar) => bar.start <= start && end <= bar.start + bar.total));
      bars.push({ name: flamegraph.names[Number(name)], start, total: barTotal, self, level });
    }
    above = bars;
    return bars;
  });
}

async function failureOf(call) {
  const error = await call.then(
    () => assert.fail('it did not fail'),
    (reason) => reason,
  );
  assert.ok(error instanceof ConnectError, `${error}`);
  return error;
}

/** POST bytes, and return {code, headers, bytes, body}. */
function post(method, body, headers) {
  return new Promise((resolve, reject) => {
    const asked = request(
      `${url}/querier.v1.QuerierService/${method}`,
      { method: 'POST', headers },
      async (answer) => {
        const chunks = [];
        for await (const chunk of answer) chunks.push(chunk);
        const bytes = Buffer.concat(chunks);
        const { statusCode: code, headers } = answer;
        resolve({ code, headers, bytes, body: bytes.toString() });
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

testEach('profile types are those of the pprof', async (client) => {
  for (const asked of [{}, range]) {
    const { profileTypes } = await client.profileTypes(asked);
    assert.deepEqual(
      profileTypes.map((type) => type.ID),
      [CPU, COUNT],
    );
    assert.equal(profileTypes[0].sampleUnit, 'nanoseconds');
  }
});

testEach('label names are private ones and those of samples', async (client) => {
  const { names } = await client.labelNames({ ...range, matchers: [SELECTOR] });
  assert.deepEqual(names, [...names].sort());
  for (const name of ['__profile_type__', '__type__', 'comm', 'pid'])
    assert.ok(names.includes(name), name);
});

testEach('label values are those of selected samples', async (client) => {
  const typed = `{__profile_type__="${CPU}",comm="${comm}"}`;
  for (const matcher of [SELECTOR, typed, `{"comm"="${comm}"}`])
    assert.deepEqual(
      (await client.labelValues({ ...range, name: 'comm', matchers: [matcher] })).names,
      [comm],
    );
  const all = await client.labelValues({ ...range, name: 'comm', matchers: [`${CPU}{}`] });
  assert.ok(all.names.includes(comm));
});

testEach('what is not there is empty, and no error', async (client) => {
  const nothing = ['{comm="no such"}', '{__profile_type__="a:b:c:d:e"}', 'a:b:c:d:e{}'];
  for (const matcher of nothing)
    assert.deepEqual(
      (await client.labelValues({ ...range, name: 'comm', matchers: [matcher] })).names,
      [],
    );
  for (const asked of [
    { profileTypeID: CPU, labelSelector: nothing[0] },
    { profileTypeID: 'a:b:c:d:e', labelSelector: '{}' },
  ]) {
    const { flamegraph } = await client.selectMergeStacktraces({ ...range, ...asked });
    assert.deepEqual(flamegraph.names, ['total']);
    assert.deepEqual(flamegraph.levels[0].values, [0n, 0n, 0n, 0n]);
  }
});

testEach('a flame graph is the pprof of its range', async (client) => {
  const profile = await fetchProfile(range);
  for (const [i, profileTypeID] of [COUNT, CPU].entries())
    for (const maxNodes of [0n, 3n]) {
      const { flamegraph } = await client.selectMergeStacktraces({
        ...range,
        profileTypeID,
        labelSelector: SELECTOR,
        maxNodes,
      });
      const bars = barsOf(flamegraph);
      assert.equal(flamegraph.total, total(profile, i));
      assert.equal(bars.reduce((sum, bar) => sum + bar.self, 0n), flamegraph.total);
      assert.ok(bars.some((bar) => bar.name === (maxNodes ? 'other' : fn)));
    }
});

testEach('the profile of a range is the pprof of it', async (client) => {
  const expected = await fetchProfile(range);
  for (const [i, profileTypeID] of [COUNT, CPU].entries()) {
    const asked = { ...range, profileTypeID, labelSelector: SELECTOR };
    const profile = await client.selectMergeProfile(asked);
    assert.equal(profile.sampleType.length, 1);
    assert.equal(profile.stringTable[Number(profile.sampleType[0].type)], ['samples', 'cpu'][i]);
    assert.equal(profile.period, expected.period);
    assert.equal(total(profile, 0), total(expected, i));
  }
});

testEach('points add up to the flame graph of their steps', async (client) => {
  const end = range.end;
  for (const step of [0.25, 1.5, 7.0001]) {
    const ms = BigInt(Math.trunc(step * 1000));
    const asked = { profileTypeID: CPU, labelSelector: SELECTOR };
    const start = end - 11n * ms; // with the step that ends there, 12: whole seconds
    const { series } = await client.selectSeries({ ...asked, start, end, step });
    const points = series.flatMap((one) => one.points);
    const sum = points.reduce((total, point) => total + BigInt(point.value), 0n);
    const flames = { ...asked, start: start - ms + 1n, end };
    assert.equal((await client.selectMergeStacktraces(flames)).flamegraph?.total, sum);
    assert.equal(total(await client.selectMergeProfile(flames), 0), sum);
    assert.equal(total(await fetchProfile(flames), 1), sum);
    for (const { timestamp } of points) assert.equal((timestamp - start) % ms, 0n);
    for (const { timestamp, value } of points.slice(-2)) {
      const one = { ...asked, start: timestamp - ms + 1n, end: timestamp };
      const { flamegraph } = await client.selectMergeStacktraces(one);
      assert.equal(flamegraph.total, BigInt(value));
    }
  }
});

testEach('groups add up to all of it', async (client) => {
  const { end } = range; // where one step of that length ends
  const asked = { start: end, end, profileTypeID: COUNT, step: Number(RANGE_MS) / 1000 };
  const sum = async (more) => {
    const { series } = await client.selectSeries({ ...asked, ...more });
    return series.flatMap((one) => one.points).reduce((all, { value }) => all + value, 0);
  };
  const own = { labelSelector: SELECTOR };
  const others = { labelSelector: `{comm!="${comm}"}` };
  const all = { labelSelector: '{}' };
  let before, byThread, parts, after; // samples of others may still be on their way
  do {
    before = await sum(all);
    byThread = await sum({ ...all, groupBy: ['comm', 'tid'] });
    parts = (await sum(own)) + (await sum(others));
    after = await sum(all);
  } while (before !== after && Date.now() < deadline);
  assert.deepEqual([byThread, parts], [after, after]);
  const { series } = await client.selectSeries({ ...asked, ...all, groupBy: ['comm'], limit: 1n });
  assert.equal(series.length, 1);
  assert.deepEqual(
    series[0].labels.map(({ name }) => name),
    ['comm'],
  );
});

testEach('series are the distinct sets of labels', async (client) => {
  const { labelsSet } = await client.series({
    ...range,
    matchers: [SELECTOR],
    labelNames: ['comm', '__profile_type__'],
  });
  assert.deepEqual(
    labelsSet.map(({ labels }) => labels.map(({ name, value }) => `${name}=${value}`)),
    [CPU, COUNT].map((type) => [`__profile_type__=${type}`, `comm=${comm}`]),
  );
});

testEach('what is compared with itself does not differ', async (client) => {
  const side = { ...range, profileTypeID: CPU, labelSelector: SELECTOR };
  const { flamegraph } = await client.diff({ left: side, right: side });
  assert.equal(flamegraph.leftTicks, total(await fetchProfile(range), 1));
  assert.equal(flamegraph.rightTicks, flamegraph.leftTicks);
  assert.ok(flamegraph.names.includes(fn));
  for (const { values } of flamegraph.levels)
    for (let i = 0; i < values.length; i += 7)
      assert.deepEqual(values.slice(i, i + 3), values.slice(i + 3, i + 6));
});

testEach('the newest profile is of now', async (client) => {
  const stats = await client.getProfileStats({});
  assert.ok(stats.dataIngested);
  assert.ok(stats.oldestProfileTime <= stats.newestProfileTime);
  assert.ok(stats.newestProfileTime > range.end - RANGE_MS);
});

testEach('what means nothing is an invalid argument', async (client) => {
  const good = { ...range, profileTypeID: CPU, labelSelector: '{}' };
  for (const [bad, word] of [
    [{ labelSelector: '{comm=' }, /quoted value is missing/],
    [{ labelSelector: '' }, /label_selector/],
    [{ profileTypeID: 'cpu' }, /profile_typeID/],
    [{ start: 0n, end: 0n }, /time range/],
    [{ start: good.end, end: good.start }, /start/],
    [{ maxNodes: -1n }, /max_nodes/],
    [{ maxNodes: 1n << 40n }, /max_nodes/],
  ]) {
    const error = await failureOf(client.selectMergeStacktraces({ ...good, ...bad }));
    assert.equal(error.code, Code.InvalidArgument);
    assert.match(error.rawMessage, word);
  }
});

test('JSON may have either name of a field, numbers or strings, and more', async () => {
  const { start, end } = range;
  const answers = await Promise.all(
    [
      `{"profile_typeID":"${CPU}","label_selector":"{}","start":${start},"end":${end},"new":[{}]}`,
      `{"profileTypeID":"${CPU}","labelSelector":"{}","start":"${start}","end":"${end}","n":null}`,
    ].map((body) =>
      post('SelectMergeStacktraces', body, { 'Content-Type': 'application/json; charset=utf-8' }),
    ),
  );
  assert.deepEqual(
    answers.map((answer) => [answer.code, JSON.parse(answer.body).flamegraph.total]),
    Array(2).fill([200, JSON.parse(answers[0].body).flamegraph.total]),
  );
});

test('protobuf may have fields that nobody knows, and come in pieces', async () => {
  const asked = toBinary(
    service.method.labelValues.input,
    create(service.method.labelValues.input, { name: 'comm', matchers: [SELECTOR], ...range }),
  );
  const unknown = Uint8Array.of(0xfa, 0x3f, 0x02, 0x01, 0x02); // field 1023, two bytes
  const answer = await post('LabelValues', Buffer.concat([asked, unknown]), {
    'Content-Type': 'application/proto',
    'Transfer-Encoding': 'chunked',
  });
  assert.equal(answer.code, 200);
  assert.equal(answer.headers['content-type'], 'application/proto');
  assert.ok(answer.body.includes(comm));
});

/** Ask as Grafana's data source does, which is written in Go; `more` are fields that we lack. */
async function askAsGrafana(name, question, more = []) {
  const { input, output } = service.method[name];
  const answer = await post(
    service.method[name].name,
    Buffer.concat([toBinary(input, create(input, question)), Buffer.from(more)]),
    {
      'Content-Type': 'application/proto',
      'Connect-Protocol-Version': '1',
      'Accept-Encoding': 'gzip',
      'User-Agent': 'connect-go/1.19.1 (go1.26.0)',
    },
  );
  assert.equal(answer.code, 200, `${name}: ${answer.body}`);
  assert.equal(answer.headers['content-type'], 'application/proto');
  const isGzip = answer.headers['content-encoding'] === 'gzip';
  return fromBinary(output, isGzip ? gunzipSync(answer.bytes) : answer.bytes);
}

test('what Grafana asks is answered as it needs it', async () => {
  const exemplarsNone = [0x50, 0x01]; // field 10 of SelectSeriesRequest
  const editor = `{__profile_type__="${CPU}",comm="${comm}"}`;
  const query = { ...range, profileTypeID: CPU, labelSelector: SELECTOR };
  const flames = { ...query, maxNodes: 16384n };
  // Its health check tells no range.
  assert.equal((await askAsGrafana('profileTypes', {})).profileTypes[0].ID, CPU);
  const hour = { start: range.end - 3600000n, end: range.end };
  assert.equal((await askAsGrafana('profileTypes', hour)).profileTypes.length, 2);
  const { names } = await askAsGrafana('labelNames', { ...range, matchers: [editor] });
  assert.ok(names.filter((name) => !name.startsWith('__')).includes('comm'));
  for (const matcher of [editor, `${CPU}{}`, '{}', ''])
    assert.ok(
      (
        await askAsGrafana('labelValues', { ...range, name: 'comm', matchers: [matcher] })
      ).names.includes(comm),
    );
  const graph = { ...query, start: range.end - 4n * 15000n, step: 15 };
  const { series } = await askAsGrafana('selectSeries', graph, exemplarsNone);
  assert.equal(series.length, 1);
  assert.ok(series[0].points.every(({ value }) => value > 0));
  const { flamegraph } = await askAsGrafana('selectMergeStacktraces', flames);
  assert.equal(flamegraph.levels[0].values.length, 4);
  assert.equal(flamegraph.names[0], 'total');
  assert.ok(barsOf(flamegraph).some(({ name }) => name === fn));
});

test('what its Drilldown asks is answered', async () => {
  const json = { 'Content-Type': 'application/json' };
  const asked = {
    start: Number(range.start),
    end: Number(range.end),
    labelNames: ['service_name', '__profile_type__'],
    matchers: [],
  };
  const series = await post('Series', JSON.stringify(asked), json);
  const values = JSON.parse(series.body).labelsSet.flatMap(({ labels }) =>
    labels.map(({ value }) => value),
  );
  assert.ok(values.includes(comm) && values.includes(CPU));
  assert.equal(JSON.parse((await post('GetProfileStats', '{}', json)).body).dataIngested, true);
});

test('errors of the protocol are as it says', async () => {
  const json = { 'Content-Type': 'application/json' };
  const zeros = gzipSync(Buffer.alloc(4 << 20, ' '));
  for (const [method, body, headers, code, name] of [
    ['NoSuch', '{}', json, 501, 'unimplemented'],
    ['SelectHeatmap', '{}', json, 501, 'unimplemented'],
    ['LabelNames', '{"start":', json, 400, 'invalid_argument'],
    ['LabelNames', '{"start":"x"}', json, 400, 'invalid_argument'],
    ['LabelNames', '', json, 400, 'invalid_argument'],
    ['LabelNames', '\xff', { 'Content-Type': 'application/proto' }, 400, 'invalid_argument'],
    ['LabelNames', '{}', { ...json, 'Connect-Protocol-Version': '2' }, 400, 'invalid_argument'],
    ['LabelNames', '{}', { ...json, 'Content-Encoding': 'br' }, 501, 'unimplemented'],
    ['LabelNames', '{}', { ...json, 'Content-Encoding': 'gzip' }, 400, 'invalid_argument'],
    ['LabelNames', zeros, { ...json, 'Content-Encoding': 'gzip' }, 429, 'resource_exhausted'],
  ]) {
    const answer = await post(method, body, headers);
    assert.equal(answer.code, code, `${method} ${body.slice(0, 20)}: ${answer.body}`);
    assert.equal(JSON.parse(answer.body).code, name);
    assert.ok(JSON.parse(answer.body).message);
  }
  assert.equal((await post('LabelNames', '{}', { 'Content-Type': 'text/plain' })).code, 415);
  assert.equal((await post('LabelNames', Buffer.alloc(2 << 20, ' '), json)).code, 413);
  assert.equal((await fetch(`${url}/querier.v1.QuerierService/LabelNames`)).status, 405);
});

test('protobuf and JSON say the same', async () => {
  const asked = { ...range, profileTypeID: CPU, labelSelector: SELECTOR };
  const answers = [];
  for (const { client } of clients) {
    const answer = await client.selectMergeStacktraces(asked);
    answers.push(toJson(service.method.selectMergeStacktraces.output, answer));
  }
  for (const answer of answers) assert.deepEqual(answer, answers[0]);
});
