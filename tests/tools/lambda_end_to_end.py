"""Every event of events/, its minute turned into the present one, through `cargo lambda watch` and `invoke`, against a real Kafka and the CloudWatch stand-in."""

import contextlib
import json
import time
import unittest

import scene

EVENTS = scene.REPOSITORY / "events"
CLUSTER = "prod"
MINUTE = "2026-11-23T01:05"


class LambdaEndToEnd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scene.build_debug()
        cls.at = cls.enterClassContext(scene.folder("lambda"))
        kafka = cls.enterClassContext(scene.Kafka(cls.at / "kafka"))
        stage = cls.enterClassContext(scene.Stagehand(kafka))
        for topic, group in (("orders", "orders-svc"), ("payments", "payments-svc")):
            stage.hand(f"create-topic {topic} 2")
            for partition in (0, 1):
                stage.hand(f"produce {topic} {partition} 7")
                stage.hand(f"commit {group} {topic} {partition} 7")
        cls.cloudwatch = cls.enterClassContext(scene.CloudWatch(visible_after=0, new_metric_visible_after=0))
        cls.variables = {**kafka.variables(), **cls.cloudwatch.variables(), "MEERKAT_CLUSTER": CLUSTER}
        cls.function = cls.enterClassContext(scene.Lambda(cls.at, cls.variables))

    @classmethod
    def enterClassContext(cls, context):
        """Ends the context with the class, as newer Pythons do by themselves."""
        entered = context.__enter__()
        cls.addClassCleanup(context.__exit__, None, None, None)
        return entered

    def check(self, name):
        """The report on an example event, as if its minute were the present one."""
        self.cloudwatch.control(clear=["metrics"])
        minute = time.strftime("%Y-%m-%dT%H:%M", time.gmtime())
        self.scheduled = f"{minute}:00Z"
        (self.at / name).write_text((EVENTS / name).read_text().replace(MINUTE, minute))
        report = self.function.answer(self.at / name)
        self.assertEqual(report["cluster"], CLUSTER)
        self.assertTrue(report["complete"], report)
        self.assertEqual(report["problems"], [])
        self.assertEqual([group["group"] for group in report["groups"]], ["orders-svc", "payments-svc"])
        self.assertEqual([group["status"] for group in report["groups"]], ["OK", "OK"])
        self.assertEqual([group["total_lag"] for group in report["groups"]], [0, 0])
        return report

    def partitions(self, report):
        return [len(group["partitions"]) for group in report["groups"]]

    def test_each_event_has_a_test(self):
        tested = {name.removeprefix("test_event_").replace("_", "-") for name in dir(self) if name.startswith("test_event_")}
        self.assertEqual(tested, {path.stem for path in EVENTS.glob("*.json") if not path.match("*.schema.json")})

    def test_event_check(self):
        self.assertEqual(self.partitions(self.check("check.json")), [0, 0])

    def test_event_groups(self):
        self.check("groups.json")

    def test_event_detail_all(self):
        self.assertEqual(self.partitions(self.check("detail-all.json")), [2, 2])

    def test_event_read_only(self):
        report = self.check("read-only.json")
        self.assertEqual([report["history"]["enabled"], report["metrics"]["enabled"]], [False, False])

    def test_event_scheduled_minute(self):
        report = self.check("scheduled-minute.json")
        self.assertEqual(report["scheduled"], self.scheduled)
        self.assertGreater(report["history"]["datums_written"], 0)

    def test_event_rehearsal(self):
        self.assertEqual(self.check("rehearsal.json")["scheduled"], self.scheduled)

    def test_event_scheduled_rule(self):
        self.assertEqual(self.check("scheduled-rule.json")["scheduled"], self.scheduled)

    def test_event_scheduler_without_input(self):
        self.assertEqual(self.check("scheduler-without-input.json")["scheduled"], self.scheduled)

    def test_event_scheduler_with_input(self):
        report = self.check("scheduler-with-input.json")
        self.assertEqual([report["scheduled"], self.partitions(report)], [self.scheduled, [0, 0]])

    def test_event_history(self):
        self.check("check.json")
        history = self.function.answer(EVENTS / "history.json")
        self.assertEqual([history["cluster"], history["group"], history["problems"]], [CLUSTER, "orders-svc", []])
        kept = [(partition["topic"], partition["partition"], look["committed"], look["log_end"]) for partition in history["partitions"] for look in partition["looks"]]
        self.assertEqual(kept, [("orders", 0, 7, 7), ("orders", 1, 7, 7)])

    def test_event_burrow(self):
        self.burrow(self.function.answer(EVENTS / "burrow.json"))

    def test_event_burrow_url(self):
        answer = self.function.answer(EVENTS / "burrow-url.json")
        self.assertEqual([answer["statusCode"], answer["headers"]["content-type"]], [200, "application/json"])
        self.burrow(json.loads(answer["body"]))

    def burrow(self, answer):
        """Burrow's shape of a group that has read all."""
        status = answer["status"]
        self.assertFalse(answer["error"])
        self.assertEqual([status["cluster"], status["group"], status["status"], status["totallag"]], [CLUSTER, "orders-svc", "OK", 0])

    def test_event_widget_group(self):
        html = self.function.answer(EVENTS / "widget-group.json")
        self.assertIn("orders-svc", html)
        self.assertIn("mk-dark", html)
        self.assertNotIn("<script", html)

    def test_event_preflight(self):
        self.preflight("preflight.json")

    def test_event_preflight_against(self):
        self.preflight("preflight-against.json")

    def preflight(self, name):
        """What works and what does not, line by line."""
        lines = self.function.answer(EVENTS / name)["lines"]
        self.assertGreater(len(lines), 5)
        self.assertEqual([line for line in lines if line["status"] == "does not work"], [])

    def test_an_event_that_comes_hours_late_writes_nothing_and_says_so(self):
        report = self.function.answer(EVENTS / "scheduled-rule.json")
        self.assertEqual((report["history"]["datums_written"], report["metrics"]["enabled"]), (0, False))
        self.assertFalse(report["complete"])
        self.assertEqual([problem["where"] for problem in report["problems"]], ["schedule"])

    def test_an_event_that_is_not_understood_is_an_error_and_the_next_one_is_answered(self):
        (self.at / "wrong.json").write_text('{"gruops": []}')
        error = self.function.error(self.at / "wrong.json")
        self.assertEqual(error["errorType"], "MeerkatError")
        self.assertIn("the event is not understood: unknown field `gruops`", error["errorMessage"])
        self.check("check.json")

    def test_a_wrong_configuration_is_reported_at_once_by_each_invocation(self):
        at = self.at / "misconfigured"
        at.mkdir()
        wrong = {**self.variables, "KAFKA_SECURITY_PROTOCOL": "TLS", "MEERKAT_GRUOPS": "x"}
        with scene.Lambda(at, wrong) as function:
            for _ in range(2):
                message = function.error(EVENTS / "check.json")["errorMessage"]
                self.assertIn("MEERKAT_GRUOPS is not a variable of meerkat; did you mean MEERKAT_GROUPS?", message)
                self.assertIn("KAFKA_SECURITY_PROTOCOL must be one of", message)
            self.assertNotIn("panicked", function.log.read_text())

    def test_metrics_that_cannot_be_written_fail_the_invocation(self):
        self.cloudwatch.control(now="real", fail=[{"operation": "PutMetricData", "how": "deny", "times": None}])
        with contextlib.ExitStack() as clean_up:
            clean_up.callback(self.cloudwatch.control, clear=["faults"])
            self.function.error(EVENTS / "check.json")

    def tearDown(self):
        self.assertNotIn("panicked", self.function.log.read_text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
