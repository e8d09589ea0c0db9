"""Deploys the template by the documents' own commands, onto MiniStack, and holds the stack to what it promises: `make test-deploy`.

The `sam deploy` lines are read out of README.md and infra/README.md. A real Kafka answers over TLS with SCRAM, with the secret that
the same emulator keeps. What this cannot show is printed at the end.
"""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tools"))

import boto3
import check
import scene
import translate
from botocore.exceptions import ClientError

REGION, ACCOUNT = translate.REGION, "123456789012"
CLUSTER, GROUP, TOPIC, DEAD_LETTERS = "orders", "orders-svc", "orders", "orders-dlt"
# Checks a group that commits, then at one that does not.
BEFORE, AFTER = 7, 8
UNSEEN = (
    "permissions: nobody is asked for one",
    "the VPC: functions run beside the emulator",
    "contributors: no alarm on a query is evaluated",
    "gradual deployments: the alias moves at once",
    "CloudWatch's delay: data can be read at once",
)


def main():
    began = time.monotonic()
    scene.build_debug()
    with contextlib.ExitStack() as stack:
        at = stack.enter_context(scene.folder("deploy"))
        with concurrent.futures.ThreadPoolExecutor() as pool:
            kafka = pool.submit(scene.Kafka, at / "kafka")
            emulator = pool.submit(scene.Emulator, "ministack.sh", HERE / "whole_ministack.py")
            tree = pool.submit(Tree, at / "tree")
            kafka, emulator = stack.enter_context(kafka.result()), stack.enter_context(emulator.result())
            tree = tree.result()
        aws = Aws(emulator.address, tree, at)
        stage = stack.enter_context(scene.Stagehand(kafka))
        says = Story(aws, kafka, stage, began)
        says.readme_deploys()
        says.scram_deploys()
        says.other_lines_deploy()
        says.a_group_stops()
        says.every_parameter_reaches_the_schedule()
        says.a_new_zip_and_the_way_back()
        says.each_way_deploys()
        says.without_transforms()
        says.the_schedule_fires()
        says.kafka_goes_away()
        says.nothing_stays()
    print(f"deployed, used and deleted in {time.monotonic() - began:.0f} s. Not seen here: {'; '.join(UNSEEN)}")


class Story:
    """The steps, each of which ends the test where it is not as promised."""

    def __init__(self, aws, kafka, stage, began):
        self.aws, self.kafka, self.stage, self.began = aws, kafka, stage, began
        self.minute = int(time.time()) // 60 - BEFORE - AFTER - 3
        self.fires_after = None

    def done(self, what):
        print(f"{time.monotonic() - self.began:5.0f} s  {what}", flush=True)

    def readme_deploys(self):
        """README's own line."""
        (line,) = deploy_lines(scene.REPOSITORY / "README.md")
        self.aws.shell(line.text)
        self.aws.is_complete(line.stack)
        self.first = line.stack
        self.done("README's command ends with CREATE_COMPLETE")

    def scram_deploys(self):
        """The line for SCRAM, led to the broker and the secret that are here."""
        line = next(line for line in deploy_lines(translate.INFRA / "README.md") if line.values["Authentication"] == "SCRAM-SHA-512")
        notices = self.aws.client("sns")
        login = {"username": "alice", "password": self.kafka.shown["users"]["alice"]}
        secret = self.aws.secret("AmazonMSK_meerkat", json.dumps(login))
        authority = self.aws.secret("ca", pathlib.Path(self.kafka.shown["tls"]["ca"]).read_text())
        queue = self.aws.client("sqs").create_queue(QueueName="changes")["QueueUrl"]
        topic = notices.create_topic(Name="changes")["TopicArn"]
        queue_arn = self.aws.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        only = {"FilterPolicy": json.dumps({"status": ["ERR"], "owner": ["team-a"]})}
        notices.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes=only)
        self.queue = queue
        own = {"BootstrapServers": ",".join(self.kafka.shown["sasl_ssl"]), "SecretArn": secret, "Truststore": authority, "ChangesTopicArn": topic, "Cluster": CLUSTER, "Owners": "orders-*=team-a", "Watch": "*-dlt=new", "ClusterAlarms": "on"}
        self.secrets = {"SecretArn": secret, "Truststore": authority}
        self.line = line.led_to({**own, "Deployment": "AllAtOnce"}, "scram")
        self.aws.shell(self.line.text)
        self.aws.is_complete("scram")
        self.fires_after = int(time.time()) // 60
        self.done("the command for SCRAM does, with a broker of our own")

    def other_lines_deploy(self):
        """The document's other commands, as they stand; that for TLS is led to the broker, and takes the CA out of a file as it says."""
        lines = deploy_lines(translate.INFRA / "README.md")
        shutil.copyfile(self.kafka.shown["tls"]["ca"], self.aws.tree.at / "ca.pem")
        for line in lines:
            if line.values["Authentication"] == "SCRAM-SHA-512":
                continue
            over_tls = line.values["Authentication"] == "TLS"
            self.aws.shell(line.led_to({"BootstrapServers": ",".join(self.kafka.shown["ssl"])} if over_tls else {}, "line").text)
            self.aws.is_complete("line")
            if over_tls:
                same(self.aws.invoke("line", {})["problems"], [], "brokers with TLS and a CA of one's own")
            self.aws.delete("line")
        self.done(f"{len(lines)} commands of infra/README.md deploy")

    def a_group_stops(self):
        """Minutes rehearsed through the alias, with the input that the schedule holds."""
        for topic in (TOPIC, DEAD_LETTERS):
            self.stage.hand(f"create-topic {topic} 1")
        for run in range(BEFORE + AFTER):
            self.stage.hand(f"produce {TOPIC} 0 40 timestamp={(self.minute + run) * 60_000} step=1000")
            if run < BEFORE:
                self.stage.hand(f"commit {GROUP} {TOPIC} 0 {40 * (run + 1)}")
            if run == BEFORE:
                self.stage.hand(f"produce {DEAD_LETTERS} 0 1")
            report = self.aws.invoke("scram", self.scheduled(run))
            same(report.get("problems"), [], "nothing is in the way")
            (group,) = [group for group in report["groups"] if group["group"] == GROUP]
            if run == BEFORE - 1:
                same(group["status"], "OK", "a group that commits")
        same(group["status"], "ERR", f"a group that stopped: {group['reason']}")
        # Moments are rounded to whole minutes by the store; the newest is the last run's.
        found = self.aws.statuses(CLUSTER, GROUP, self.minute, self.minute + BEFORE + AFTER)
        same((found[0], found[-1]), (1.0, 3.0), "its status in CloudWatch")
        first, end = self.minute, self.minute + BEFORE + AFTER
        letters = [{"Name": "Cluster", "Value": CLUSTER}, {"Name": "Topic", "Value": DEAD_LETTERS}]
        found = [point["Maximum"] for point in self.aws.points("TopicStatus", letters, "Maximum", first, end)]
        same((found.count(2.0), found.count(1.0)), (1, len(found) - 1), "the status of a watched topic, which got one record")
        same({point["Sum"] for point in self.aws.of_cluster("ClusterProblems", CLUSTER, first, end)}, {0.0}, "the cluster itself")
        # The schedule fires beside this, in minutes after the rehearsed ones; its runs may announce the same.
        over = self.moment(BEFORE + AFTER)
        messages = [message for message in map(json.loads, self.aws.messages(self.queue)) if message["scheduled"] < over]
        announced = [(change["group"], change["status"]) for message in messages for change in message["changes"]]
        same(announced, [(GROUP, "ERR")], f"a message of its owner's filter reached the topic's queue: {messages}")
        self.done(f"{GROUP} is OK while it commits and ERR once it has stopped, in CloudWatch and in a message of SNS that its owner filters for")

    def scheduled(self, run):
        """The schedule's own input, for one of the rehearsed minutes, answered two seconds after it."""
        ((_, schedule),) = self.aws.schedules("scram").items()
        event = json.loads(schedule["Target"]["Input"])
        same(event["scheduled"], "<aws.scheduler.scheduled-time>", "what Scheduler fills in")
        return {**event, "scheduled": self.moment(run), "now": self.moment(run, 2), "execution": "one", "attempt": "1", "detail": "all"}

    def moment(self, run, seconds=0):
        """So many seconds after a rehearsed minute, as text."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime((self.minute + run) * 60 + seconds))

    def every_parameter_reaches_the_schedule(self):
        """A change of any parameter that the function is given makes a version of its own, which the alias and so the schedule calls."""
        template = translate.template()
        checker = template["Resources"]["Settings"]["Properties"]["Content"]["Fn::Sub"][0]
        names = re.findall(r"^(\w+)=", checker, re.MULTILINE)
        kept = {name: str(spec.get("Default", "")) for name, spec in template["Parameters"].items()}
        kept |= {each["ParameterKey"]: each["ParameterValue"] for each in self.aws.described(self.first)["Parameters"]}
        versions = [self.aws.version(self.first)]
        for name in names:
            other = other_value(name, template["Parameters"][name], kept[name])
            self.aws.update(self.first, {**kept, name: other})
            versions.append(self.aws.version(self.first))
            same(versions[-1] > versions[-2], True, f"{name}={other} makes a version")
        self.aws.update(self.first, {**kept, "Timeout": "15"})
        versions.append(self.aws.version(self.first))
        ((_, schedule),) = list(self.aws.schedules(self.first).items())[:1]
        same(schedule["Target"]["Arn"].rsplit(":", 1)[1], "live", "the schedule calls the alias")
        same(self.aws.configuration(self.first)["Timeout"], 15, "the alias has the newest values")
        same(len(set(versions)), len(names) + 2, "a version each")
        self.aws.update(self.first, {**kept, "Timeout": "15", "AlarmFrom": "WARN"})
        same(self.aws.version(self.first), versions[-1], "what the function is not given makes none")
        self.done(f"each of {len(names)} parameters reaches the schedule through a version of its own")

    def a_new_zip_and_the_way_back(self):
        before = self.aws.version("scram")
        self.aws.tree.other_zip()
        self.aws.shell(self.line.text)
        self.aws.is_complete("scram")
        same(self.aws.version("scram") > before, True, "a new zip makes a version")
        same(self.aws.answered_by("scram"), str(self.aws.version("scram")), "which answers")
        command = re.search(r"^aws lambda update-alias .*$", (translate.INFRA / "README.md").read_text(), re.MULTILINE)[0]
        command = re.sub(r"--function-version \d+", f"--function-version {before}", command).replace("--stack-name orders", "--stack-name scram")
        self.aws.shell(command)
        same(self.aws.answered_by("scram"), str(before), "the way back leads to the version before")
        self.done("a new zip takes over, and infra/README's command leads back")

    def each_way_deploys(self):
        """The parameters of check.py, one stack each; where the brokers here take the login, the function reads them."""
        brokers = {name: {"BootstrapServers": ",".join(self.kafka.shown[name]), **self.secrets} for name in ("ssl", "sasl_ssl")}
        here = dict.fromkeys(("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"), brokers["sasl_ssl"])
        here |= {"TLS": brokers["ssl"], "MTLS": {**brokers["ssl"], "SecretArn": self.aws.secret("client", pathlib.Path(self.kafka.shown["tls"]["client"]).read_text())}}
        ways = {f"way-{number}": (name, parameters) for number, (name, (parameters, _, _)) in enumerate(check.WAYS.items(), 1)}
        url = self.aws.packaged()
        for stack, (name, parameters) in ways.items():
            led = here.get(parameters["Authentication"], {})
            if "KeyPassword" in parameters:
                led = {**led, **self.encrypted_key()}
            values = {**check.OPTIONS, **parameters, **led, "Cluster": stack, "ChangesTopicArn": "", **NOT_HERE}
            self.aws.create(stack, url, values)
            same(sorted(self.aws.schedules(stack)), [f"{number}/4" for number in range(1, 5)], f"{name}: the parts")
            if led:
                same([group["group"] for group in self.aws.invoke(stack, {})["groups"]], [GROUP], f"{name}: the function reads the brokers")
            else:
                same(self.aws.answered_by(stack), "1", f"{name}: the function answers")
            self.aws.delete(stack)
        self.done(f"{len(ways)} ways to deploy with four parts and every option; {', '.join(here)} read the brokers")

    def encrypted_key(self):
        """The client's certificate with its key under a password, and where both are kept."""
        word, tls = "open sesame", self.kafka.shown["tls"]
        argv = ["openssl", "pkey", "-in", tls["client_key"], "-aes256", "-passout", f"pass:{word}"]
        key = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        certificate = pathlib.Path(tls["client_crt"]).read_text()
        password = self.aws.secret("password", json.dumps({"password": word}))
        return {"SecretArn": self.aws.secret("encrypted", key + certificate), "KeyPassword": f"{password}#password"}

    def without_transforms(self):
        """What `make build` makes for those who may not use transforms, by the document's commands."""
        self.aws.tree.plain_template()
        self.aws.client("s3").create_bucket(Bucket="my-bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
        (line,) = deploy_lines(translate.INFRA / "README.md", "aws s3 cp")
        line = line.led_to({**{name: self.line.values[name] for name in ("BootstrapServers", "SecretArn", "Truststore")}, "Cluster": "plain"}, "plain")
        self.aws.shell(line.text)
        self.aws.is_complete("plain")
        same([group["group"] for group in self.aws.invoke("plain", {})["groups"]], [GROUP], "its function reads the brokers")
        before = self.aws.version("plain")
        self.aws.shell(line.led_to({"LogLevel": "debug"}, "plain").text)
        same(self.aws.version("plain") > before, True, "a parameter makes a version there too")
        self.aws.delete("plain")
        self.done("the template without transforms deploys, answers and is updated")

    def the_schedule_fires(self):
        """By itself, each minute, with the input that it holds."""
        deadline = time.monotonic() + 130
        while not self.aws.of_cluster("Heartbeat", CLUSTER, self.fires_after + 1, int(time.time()) // 60 + 1):
            if time.monotonic() > deadline:
                raise SystemExit("the schedule fired, and no heartbeat came, in two minutes")
            time.sleep(1)
        self.done("the schedule fires, and the heartbeat of its minute is in CloudWatch")

    def kafka_goes_away(self):
        """A run that cannot read Kafka fails, counts itself, and publishes the status of the group that is ERR again."""
        scene.cluster("kill", self.kafka.at, "--node", "1")
        run = BEFORE + AFTER
        failed = self.aws.failure("scram", self.scheduled(run))
        end = self.minute + run + 1
        same(self.aws.statuses(CLUSTER, GROUP, end - 1, end), [3.0], f"the status that stands, after {failed}")
        same([point["Sum"] for point in self.aws.of_cluster("BlindRuns", CLUSTER, end - 1, end)], [1.0], "a run that saw nothing")
        same(self.aws.of_cluster("Heartbeat", CLUSTER, end - 1, end), [], "and no run that finished")
        self.done("without Kafka a run fails, is counted as blind, and the status of a group that is ERR stands")

    def nothing_stays(self):
        delete = re.search(r"`(sam delete --stack-name orders --no-prompts)`", (translate.INFRA / "first-hour.md").read_text())[1]
        self.aws.shell(delete)
        self.aws.shell(delete.replace("orders", "scram"))
        same(self.aws.left_over(), [], "what deleted stacks left behind")
        self.done("sam delete leaves nothing behind")


class Line:
    """One deployment of a document."""

    def __init__(self, text):
        self.text = text
        self.stack = re.search(r"--stack-name (\S+)", text)[1]
        words = text.split("--parameter-overrides", 1)[1].replace("\\\n", " ").split()
        self.values = dict(word.strip("\"'").split("=", 1) for word in words if "=" in word)

    def led_to(self, values, stack):
        """The same command with these values, and as another stack."""
        text = self.text.replace(f"--stack-name {self.stack}", f"--stack-name {stack}").rstrip()
        for name, value in values.items():
            if name in self.values:
                text = text.replace(f"{name}={self.values[name]}", f"{name}={value}")
            else:
                text += f" {name}={value}"
        return Line(text)


def deploy_lines(path, command="sam deploy"):
    """Every such command of a document's shell blocks, with what follows it there."""
    blocks = re.findall(r"^```sh\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL)
    return [Line(command + block.split(command, 1)[1]) for block in blocks if command in block]


def other_value(name, spec, value):
    """Another value that a parameter may have."""
    if name in OTHER:
        return OTHER[name]
    if "AllowedValues" in spec:
        return next(str(each) for each in spec["AllowedValues"] if str(each) != value)
    if spec["Type"] == "Number":
        return str(int(value) + 1)
    raise SystemExit(f"{name} needs another value in this test")


# The SDK has no FIPS and no dual-stack endpoint beside one of ours.
NOT_HERE = {"Fips": "off", "DualStack": "off"}
KEY = "arn:aws:kms:eu-central-1:123456789012:key/99999999-0000-1111-2222-333344445555"
OTHER = {
    "AllowedLag": "10",
    "BootstrapServers": "kafka-9.example:9094",
    "ChangesTopicArn": check.TOPIC + "changes",
    "Cluster": "other",
    "ClusterArn": check.ARN.replace("orders", "other"),
    "Authentication": "TLS",
    "Expect": "a-*",
    "Groups": "b-*",
    "HttpsProxy": "http://proxy.example:3128",
    "KeyPassword": check.SECRET + "#password",
    "Namespace": "Other",
    "NoProxy": "monitoring.example",
    "OauthExtensions": "a=b",
    "OauthScope": "kafka",
    "OauthTokenUrl": "https://login.example/token",
    "Objective": "300/900",
    "Owners": "orders-*=team-a",
    "Period": "2",
    "RoleArn": check.ROLE,
    "SecretArn": check.SECRET,
    "SecurityGroupIds": "sg-0123456789abcdef1",
    "SubnetIds": "subnet-0123456789abcdef2",
    "Topics": "c-*",
    "Truststore": check.PARAMETER,
    "VariablesKeyArn": KEY,
    "Watch": "*-dlt=new",
}


class Tree:
    """What of the repository a deployment reads, with a zip for this machine in the place of Lambda's."""

    def __init__(self, at):
        self.at = at
        shutil.copytree(translate.INFRA, at / "infra", ignore=shutil.ignore_patterns("terraform", "*.png"))
        self.zip = at / "infra" / translate.ZIP
        self.zip.parent.mkdir(parents=True)
        program = at / "bootstrap"
        shutil.copyfile(scene.TARGET / "debug" / "meerkat", program)
        subprocess.run(["strip", program], check=True)
        program.chmod(0o755)
        self.program = program
        self.put(())

    def put(self, more):
        with zipfile.ZipFile(self.zip, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.write(self.program, "bootstrap")
            for name in more:
                archive.writestr(name, name)

    def other_zip(self):
        self.put(("another",))

    def plain_template(self):
        subprocess.run([sys.executable, HERE / "plain.py", self.zip.with_name("template.json")], check=True)


class Aws:
    """What is asked of the emulator."""

    def __init__(self, address, tree, at):
        self.address, self.tree = address, tree
        self.variables = {
            "AWS_ENDPOINT_URL": address,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            # Which the emulator takes for the account.
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAM_CLI_TELEMETRY": "0",
            "HOME": str(at),
            "PATH": os.pathsep.join([str(pathlib.Path(sys.executable).parent), str(scene.CACHE / "venv-aws" / "bin"), os.environ["PATH"]]),
        }
        os.environ.update({name: self.variables[name] for name in ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")})
        self.clients = {}

    def client(self, service):
        return self.clients.setdefault(service, boto3.client(service))

    def secret(self, name, text):
        return self.client("secretsmanager").create_secret(Name=name, SecretString=text)["ARN"]

    def shell(self, command):
        """A command as a document has it, in a folder that looks like the repository."""
        environment = {**scene.environment(self.variables), "PATH": self.variables["PATH"]}
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=self.tree.at, env=environment, capture_output=True, text=True, timeout=600)
        if done.returncode:
            raise SystemExit(f"{command}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")

    def described(self, stack):
        return self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]

    def is_complete(self, stack):
        same(self.described(stack)["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), True, f"{stack}: {self.described(stack)['StackStatus']}")

    def await_stack(self, stack):
        while (status := self.described(stack)["StackStatus"]).endswith("IN_PROGRESS"):
            time.sleep(0.05)
        if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            events = self.client("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
            raise SystemExit(f"{stack}: {status}: {[event.get('ResourceStatusReason') for event in events if 'FAILED' in event['ResourceStatus']]}")

    def create(self, stack, url, values):
        parameters = [{"ParameterKey": name, "ParameterValue": str(value)} for name, value in values.items()]
        self.client("cloudformation").create_stack(StackName=stack, TemplateURL=url, Parameters=parameters, Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
        self.await_stack(stack)

    def update(self, stack, values):
        parameters = [{"ParameterKey": name, "ParameterValue": str(value)} for name, value in values.items()]
        capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
        self.client("cloudformation").update_stack(StackName=stack, UsePreviousTemplate=True, Parameters=parameters, Capabilities=capabilities)
        self.await_stack(stack)

    def delete(self, stack):
        self.client("cloudformation").delete_stack(StackName=stack)
        with contextlib.suppress(ClientError):
            while "IN_PROGRESS" in self.described(stack)["StackStatus"]:
                time.sleep(0.05)

    def function(self, stack):
        return next(each["OutputValue"] for each in self.described(stack)["Outputs"] if each["OutputKey"] == "FunctionName")

    def version(self, stack):
        return int(self.client("lambda").get_alias(FunctionName=self.function(stack), Name="live")["FunctionVersion"])

    def configuration(self, stack):
        return self.client("lambda").get_function_configuration(FunctionName=self.function(stack), Qualifier="live")

    def invoke(self, stack, event):
        answer = self.client("lambda").invoke(FunctionName=self.function(stack), Qualifier="live", Payload=json.dumps(event))
        said = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise SystemExit(f"{stack}: {event}: {said}")
        return said

    def failure(self, stack, event):
        """The error of a run that fails."""
        answer = self.client("lambda").invoke(FunctionName=self.function(stack), Qualifier="live", Payload=json.dumps(event))
        said = json.loads(answer["Payload"].read())
        same("FunctionError" in answer, True, f"{event} fails, and is not answered {said}")
        return said

    def answered_by(self, stack):
        return self.client("lambda").invoke(FunctionName=self.function(stack), Qualifier="live", Payload='{"mode": "preflight", "against": "4.4"}')["ExecutedVersion"]

    def schedules(self, stack):
        """The stack's schedules by the part that they are for."""
        arn = f":{self.function(stack)}:live"
        client, found = self.client("scheduler"), {}
        for page in client.get_paginator("list_schedules").paginate():
            for each in page["Schedules"]:
                schedule = client.get_schedule(Name=each["Name"])
                if schedule["Target"]["Arn"].endswith(arn):
                    found[json.loads(schedule["Target"]["Input"]).get("part", "1/1")] = schedule
        return found

    def statuses(self, cluster, group, first, end):
        dimensions = [{"Name": "Cluster", "Value": cluster}, {"Name": "Group", "Value": group}]
        return [point["Maximum"] for point in self.points("Status", dimensions, "Maximum", first, end)]

    def of_cluster(self, metric, cluster, first, end):
        return self.points(metric, [{"Name": "Cluster", "Value": cluster}], "Sum", first, end)

    def points(self, metric, dimensions, statistic, first, end):
        asked = {"Namespace": "Meerkat", "MetricName": metric, "Dimensions": dimensions, "Statistics": [statistic], "Period": 60}
        found = self.client("cloudwatch").get_metric_statistics(**asked, StartTime=first * 60, EndTime=end * 60)["Datapoints"]
        return sorted(found, key=lambda point: point["Timestamp"])

    def messages(self, queue):
        found = []
        while batch := self.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(each["Body"])["Message"] for each in batch]
            for each in batch:
                self.client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
        return found

    def bucket(self):
        with contextlib.suppress(ClientError):
            self.client("s3").create_bucket(Bucket="deploy", CreateBucketConfiguration={"LocationConstraint": REGION})
        return "deploy"

    def uploaded(self, body, key):
        self.client("s3").put_object(Bucket=self.bucket(), Key=key, Body=body)
        return f"{self.address}/{self.bucket()}/{key}"

    def packaged(self):
        """The template as `sam package` uploads it."""
        self.shell(f"sam package --template-file infra/template.yaml --s3-bucket {self.bucket()} --output-template-file packaged.yaml")
        return self.uploaded((self.tree.at / "packaged.yaml").read_bytes(), "packaged.yaml")

    def left_over(self):
        """What there is of the kinds that the template makes, SAM's own stack aside."""
        alarms = self.client("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        return [
            *(each["FunctionName"] for each in self.client("lambda").list_functions()["Functions"]),
            *(each["Name"] for each in self.client("scheduler").list_schedules()["Schedules"]),
            *(each["AlarmName"] for kind in ("MetricAlarms", "CompositeAlarms") for each in alarms[kind]),
            *(each["DashboardName"] for each in self.client("cloudwatch").list_dashboards()["DashboardEntries"]),
            *(each["logGroupName"] for each in self.client("logs").describe_log_groups(logGroupNamePrefix="/meerkat")["logGroups"]),
            *(each["RoleName"] for each in self.client("iam").list_roles()["Roles"]),
            *(each["PolicyName"] for each in self.client("iam").list_policies(Scope="Local")["Policies"]),
            *(each["Name"] for each in self.client("appconfig").list_applications()["Items"]),
        ]


same = check.same

if __name__ == "__main__":
    main()
