import { parseUsd } from "@sluice/prices";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { UsageFailure } from "../../../../packages/cli/src/failure.ts";
import {
  addKeyOptions,
  applyKeyOptions,
  type KeySettings,
} from "../../../../packages/cli/src/options/key-options.ts";

const NOW_MS = Date.parse("2026-11-21T12:00:00Z");

/** The settings that a command line makes of those before. */
function settings(args: readonly string[], before: KeySettings = {}): KeySettings {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  addKeyOptions(command, { nowMs: () => NOW_MS, removable: true });
  return applyKeyOptions(before, command.parse(args, { from: "user" }).opts());
}

const FULL: KeySettings = {
  tenant: "acme",
  owner: "Ada Lovelace",
  environment: "staging",
  metadata: { team: "web", "cost-center": "a=b" },
  models: ["gpt-*", "claude-*"],
  drains: ["default", "archive"],
  capture: "redacted",
  budget: {
    limit: parseUsd("1.5"),
    period: "day",
    mode: "soft",
    whenUnavailable: "closed",
    fallback: { fromPercent: 90, model: "openai/gpt-4o-mini" },
  },
  rateLimits: { requestsPerMinute: 60, tokensPerMinute: 100_000, parallelCalls: 4 },
  expiresAtMs: NOW_MS + 30 * 86_400_000,
};

describe("the options of a key", () => {
  it("set every member", () => {
    const args = [
      ["--tenant", "acme", "--owner", "Ada Lovelace", "--environment", "staging"],
      ["--metadata", "team=web", "--metadata", "cost-center=a=b"],
      ["--models", "gpt-*, claude-*", "--drains", "default,archive", "--capture", "redacted"],
      ["--budget", "1.50", "--period", "day", "--mode", "soft", "--when-unavailable", "closed"],
      ["--fallback-model", "openai/gpt-4o-mini", "--fallback-from", "90"],
      ["--requests-per-minute", "60", "--tokens-per-minute", "100000", "--parallel-calls", "4"],
      ["--expires", "30d"],
    ].flat();
    expect(settings(args)).toEqual(FULL);
  });

  it("leave alone what they do not name", () => {
    expect(settings([], FULL)).toEqual(FULL);
    expect(settings(["--owner", "Grace", "--mode", "strict", "--parallel-calls", "8"], FULL)).toEqual({
      ...FULL,
      owner: "Grace",
      budget: { ...FULL.budget, mode: "strict" },
      rateLimits: { ...FULL.rateLimits, parallelCalls: 8 },
    });
  });

  it("remove every member", () => {
    const names = ["tenant", "owner", "environment", "metadata", "models", "drains", "capture", "budget"];
    const limits = ["expires", "requests-per-minute", "tokens-per-minute", "parallel-calls"];
    expect(
      settings(
        [...names, ...limits].map((name) => `--no-${name}`),
        FULL,
      ),
    ).toEqual({});
  });

  it("remove parts of a budget", () => {
    const { budget } = settings(["--no-when-unavailable", "--no-fallback-model"], FULL);
    expect(budget).toEqual({ limit: parseUsd("1.5"), period: "day", mode: "soft" });
  });

  it("make a budget strict and monthly unless they say else", () => {
    expect(settings(["--budget", "1"]).budget).toEqual({
      limit: parseUsd("1"),
      period: "month",
      mode: "strict",
    });
  });

  it("fall back from 80 percent on unless they say else", () => {
    const { budget } = settings(["--budget", "1", "--fallback-model", "gpt-4o-mini"]);
    expect(budget?.fallback).toEqual({ fromPercent: 80, model: "gpt-4o-mini" });
  });

  it.each([
    [["--period", "day"], "add --budget"],
    [["--fallback-model", "x"], "add --budget"],
    [["--budget", "1", "--fallback-from", "50"], "add --fallback-model"],
    [["--no-budget", "--mode", "soft"], "no other budget option"],
  ])("refuse %j, which makes no sense", (args, remedy) => {
    expect(() => settings(args)).toThrow(UsageFailure);
    expect(() => settings(args)).toThrow(remedy);
  });

  it.each([
    ["--budget", "-1"],
    ["--budget", "1e3"],
    ["--budget", "$1"],
    ["--budget", "1.0000000000001"],
    ["--period", "year"],
    ["--mode", "hard"],
    ["--fallback-from", "0"],
    ["--fallback-from", "101"],
    ["--requests-per-minute", "0"],
    ["--requests-per-minute", "1.5"],
    ["--tenant", "-x"],
    ["--tenant", "a b"],
    ["--owner", " "],
    ["--owner", "a\nb"],
    ["--environment", "Production"],
    ["--environment", "langfuse-x"],
    ["--metadata", "team"],
    ["--metadata", "=web"],
    ["--models", "a,,b"],
    ["--models", ""],
    ["--capture", "some"],
    ["--expires", "2026-11-21"],
    ["--expires", "0s"],
    ["--expires", "soon"],
  ])("refuse %s %j", (name, value) => {
    expect(() => settings([name, value])).toThrow(/invalid/);
  });
});
