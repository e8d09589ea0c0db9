"""Asserts what the template contains for each way to deploy it: roles, functions, schedules, names, parameters, rules.

Its alarms are those of alarms.py, and what repeats in it that of written.py.
"""

import hashlib
import itertools
import json
import re
import sys
import textwrap

import plain
import resolve
import translate

ARN = "arn:aws:kafka:eu-central-1:123456789012:cluster/orders/0a1b2c3d-0000-1111-2222-333344445555-7"
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_meerkat-AbCdEf"
PASSWORD = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:password-AbCdEf"
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-1111-2222-333344445555"
ROLE = "arn:aws:iam::210987654321:role/kafka/meerkat"
PARAMETER = "arn:aws:ssm:eu-central-1:123456789012:parameter/kafka/ca"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:"
BROKERS = "b-1.example:9096,b-2.example:9096"
NETWORK = {"SubnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1", "SecurityGroupIds": "sg-0123456789abcdef0"}

LOGS, METRICS = "<Logs.Arn>", "*"
LOOK = {("logs:CreateLogStream", LOGS), ("logs:PutLogEvents", LOGS), ("cloudwatch:GetMetricData", METRICS)}
LOOKUP = {("kafka:GetBootstrapBrokers", "*")}
IAM = {
    ("kafka-cluster:Connect", ARN),
    ("kafka-cluster:DescribeCluster", ARN),
    ("kafka-cluster:DescribeTopic", ARN.replace(":cluster/", ":topic/") + "/*"),
    ("kafka-cluster:DescribeGroup", ARN.replace(":cluster/", ":group/") + "/*"),
}
READ_SECRET = {("secretsmanager:GetSecretValue", SECRET)}
IN_VPC = {
    (f"ec2:{action}", "*")
    for action in (
        "AssignPrivateIpAddresses",
        "CreateNetworkInterface",
        "DeleteNetworkInterface",
        "DescribeNetworkInterfaces",
        "DescribeSubnets",
        "UnassignPrivateIpAddresses",
    )
}
PUBLISH = {("cloudwatch:PutMetricData", METRICS)}

# Name -> parameters, what both functions may do, how Kafka is spoken to.
WAYS = {
    "MSK with IAM": (
        {"Authentication": "MSK-IAM", "ClusterArn": ARN},
        LOOK | LOOKUP | IAM,
        {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_MECHANISM": "AWS_MSK_IAM", "KAFKA_CLUSTER_ARN": ARN},
    ),
    "MSK with SCRAM, in a VPC without NAT": (
        {"Authentication": "SCRAM-SHA-512", "ClusterArn": ARN, "SecretArn": SECRET, "SecretKeyArn": KEY, "ClusterNetwork": "vpc-connectivity", **NETWORK},
        LOOK | LOOKUP | READ_SECRET | {("kms:Decrypt", KEY)} | IN_VPC,
        {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512", "KAFKA_SASL_SECRET": SECRET, "KAFKA_CLUSTER_ARN": ARN, "KAFKA_CLUSTER_NETWORK": "vpc-connectivity"},
    ),
    "MSK with IAM, in another account": (
        {"Authentication": "MSK-IAM", "ClusterArn": ARN, "RoleArn": ROLE, "BootstrapServers": BROKERS},
        LOOK | IAM | {("sts:AssumeRole", ROLE)},
        {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_MECHANISM": "AWS_MSK_IAM", "KAFKA_SASL_AWS_ROLE_ARN": ROLE, "KAFKA_BOOTSTRAP_SERVERS": BROKERS},
    ),
    "MSK with IAM, in another account, its brokers looked up": (
        {"Authentication": "MSK-IAM", "ClusterArn": ARN, "RoleArn": ROLE},
        LOOK | LOOKUP | IAM | {("sts:AssumeRole", ROLE)},
        {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_MECHANISM": "AWS_MSK_IAM", "KAFKA_SASL_AWS_ROLE_ARN": ROLE, "KAFKA_CLUSTER_ARN": ARN},
    ),
    "Confluent Cloud with an API key": (
        {"Authentication": "PLAIN", "BootstrapServers": BROKERS, "SecretArn": SECRET},
        LOOK | READ_SECRET,
        {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_MECHANISM": "PLAIN", "KAFKA_SASL_SECRET": SECRET},
    ),
    "OAuth": (
        {"Authentication": "OAUTHBEARER", "BootstrapServers": BROKERS, "SecretArn": SECRET, "OauthTokenUrl": "https://login.example/token", "OauthScope": "kafka", "OauthExtensions": "logicalCluster=lkc-1,identityPoolId=pool-1"},
        LOOK | READ_SECRET,
        {
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SASL_MECHANISM": "OAUTHBEARER",
            "KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL": "https://login.example/token",
            "KAFKA_SASL_SECRET": SECRET,
            "KAFKA_SASL_OAUTHBEARER_SCOPE": "kafka",
            "KAFKA_SASL_OAUTHBEARER_EXTENSIONS": "logicalCluster=lkc-1,identityPoolId=pool-1",
        },
    ),
    "a trust store of SSM": (
        {"Authentication": "TLS", "BootstrapServers": BROKERS, "Truststore": PARAMETER},
        LOOK | {("ssm:GetParameter", PARAMETER)},
        {"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_TRUSTSTORE": PARAMETER},
    ),
    "a trust store of Secrets Manager": (
        {"Authentication": "TLS", "BootstrapServers": BROKERS, "Truststore": SECRET},
        LOOK | READ_SECRET,
        {"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_TRUSTSTORE": SECRET},
    ),
    "brokers of one's own with SCRAM": (
        {"Authentication": "SCRAM-SHA-256", "BootstrapServers": BROKERS, "SecretArn": SECRET, **NETWORK},
        LOOK | READ_SECRET | IN_VPC,
        {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_MECHANISM": "SCRAM-SHA-256", "KAFKA_SASL_SECRET": SECRET, "KAFKA_BOOTSTRAP_SERVERS": BROKERS},
    ),
    "client certificates": (
        {"Authentication": "MTLS", "BootstrapServers": BROKERS, "SecretArn": SECRET},
        LOOK | READ_SECRET,
        {"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SASL_MECHANISM": "", "KAFKA_SSL_KEYSTORE": SECRET},
    ),
    "client certificates with an encrypted key": (
        {"Authentication": "MTLS", "BootstrapServers": BROKERS, "SecretArn": SECRET, "KeyPassword": f"{PASSWORD}#password"},
        LOOK | READ_SECRET | {("secretsmanager:GetSecretValue", PASSWORD)},
        {"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SASL_MECHANISM": "", "KAFKA_SSL_KEYSTORE": SECRET, "KAFKA_SSL_KEYSTORE_PASSWORD": f"{PASSWORD}#password"},
    ),
    "encryption alone": (
        {"Authentication": "TLS", "BootstrapServers": BROKERS, "Truststore": r"-----BEGIN CERTIFICATE-----\nMIIB+/=\n-----END CERTIFICATE-----\n"},
        LOOK,
        {"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SASL_MECHANISM": "", "KAFKA_BOOTSTRAP_SERVERS": BROKERS},
    ),
}  # fmt: skip
CREDENTIALS = {
    "KAFKA_SASL_SECRET",
    "KAFKA_SSL_KEYSTORE",
    "KAFKA_SSL_KEYSTORE_PASSWORD",
    "KAFKA_CLUSTER_ARN",
    "KAFKA_SASL_AWS_ROLE_ARN",
    "KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL",
    "KAFKA_SASL_OAUTHBEARER_SCOPE",
    "KAFKA_SASL_OAUTHBEARER_EXTENSIONS",
}
# What each part publishes of its own groups.
OF_PARTS = {"Groups", "UnknownGroups", "Heartbeat", "BlindRuns"}
# Alarms on what Lambda counts, and what alarms in PromQL may not have (PutMetricAlarm, EvaluationCriteria).
BY_LAMBDA = {"FirstRun", "FunctionErrors", "NewVersionErrors"}
CLASSIC_ALONE = {"Metrics", "Namespace", "MetricName", "Dimensions", "Statistic", "Period", "ComparisonOperator", "Threshold", "EvaluationPeriods", "DatapointsToAlarm", "TreatMissingData"}
# Parameter → the variable that the SDK or the HTTP client reads, and its value where that is not the parameter's.
OF_SDK = {"Fips": ("AWS_USE_FIPS_ENDPOINT", "true"), "DualStack": ("AWS_USE_DUALSTACK_ENDPOINT", "true"), "HttpsProxy": ("HTTPS_PROXY", None), "NoProxy": ("NO_PROXY", None)}
# Bytes that a function's variables may have together.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
VARIABLES_LIMIT = 4096
# None is longer that has both function URLs and OpenTelemetry metrics.
LONGEST_REGION = "ap-southeast-2"
# Characters that names may have: a function's and a schedule's, and a stack's, which all others begin with.
NAME_LIMIT, STACK_LIMIT = 64, 128
OPTIONS = {"Cluster": "prod", "Parts": 4, "TopicKeyArn": KEY, "GroupPages": "off", "AlarmTopicArn": TOPIC + "pages", "FailureTopicArn": TOPIC + "failed", "SuccessTopicArn": TOPIC + "reports", "ChangesTopicArn": TOPIC + "changes", "LossPages": "off", "BurrowCallers": "210987654321", "LagSecondsAlarm": 600, "Period": 5, "BurrowUrl": "on", "PermissionsBoundary": BOUNDARY, "VariablesKeyArn": KEY, "LogKeyArn": KEY, "Fips": "on", "DualStack": "on", "Ipv6": "on", "HttpsProxy": "http://proxy.example:3128", "NoProxy": "monitoring.example", "Timeout": 90, "Watch": "*-dlt=new,orders=600", "ClusterAlarms": "on"}  # fmt: skip


def main():
    for name, (parameters, may, variables) in WAYS.items():
        for options in ({"Cluster": "prod"}, OPTIONS):
            values = {**parameters, **options}
            stack = resolve.Stack(translate.translated(values), values)
            same(stack.broken_rules(), [], f"{name}: rules")
            check_roles(stack, name, may, options)
            check_functions(stack, name, variables, options)
            check_schedules(stack, options)
            check_names(stack)
            check_pages(stack, options)
            check_dashboard(stack)
            check_url(stack, options)
    for more in ({}, {"BurrowCallers": "210987654321"}):
        login = {"Cluster": "prod", "BurrowUrl": "login", "BurrowLogin": SECRET, **more}
        values = {**WAYS["MSK with IAM"][0], **login}
        stack = resolve.Stack(translate.translated(values), values)
        same(stack.broken_rules(), [], "a login: rules")
        check_url(stack, login)
    for period in template_periods():
        check_otlp({**WAYS["MSK with IAM"][0], "Cluster": "prod", "Period": period, "Parts": 3, "LagSecondsAlarm": 600, "Watch": "*-dlt=new", "ClusterAlarms": "on", "AlarmTopicArn": TOPIC + "pages", "Timeout": 60})
    check_rules()
    check_parameters()
    check_consoles()
    check_variables_fit()
    check_without_transforms()
    check_endpoints()
    check_cronjob()
    check_picture()
    print(f"the template is as it should be for {', '.join(WAYS)}")


def check_roles(stack, name, may, options):
    roles = stack.of_type("AWS::IAM::Role")
    services = {role: properties["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"] for role, properties in roles.items()}
    expected = {"CheckerRole": "lambda.amazonaws.com", "WidgetRole": "lambda.amazonaws.com", "ScheduleRole": "scheduler.amazonaws.com", "DeploymentRole": "codedeploy.amazonaws.com"}  # fmt: skip
    same(services, expected, f"{name}: who assumes which role")
    same({role.get("PermissionsBoundary") for role in roles.values()}, {options.get("PermissionsBoundary")}, f"{name}: what bounds the roles")
    read = stack.of_type("AWS::IAM::ManagedPolicy")["ReadPolicy"]["PolicyDocument"]
    variables_key = {("kms:Decrypt", options["VariablesKeyArn"])} if "VariablesKeyArn" in options else set()
    same(allowed(read), may | variables_key, f"{name}: what both functions may do")
    own = roles["CheckerRole"]["Policies"][0]["PolicyDocument"]
    notified = {("sns:Publish", options[topic]) for topic in ("FailureTopicArn", "SuccessTopicArn", "ChangesTopicArn") if topic in options}
    keys = {(action, options["TopicKeyArn"]) for action in ("kms:GenerateDataKey", "kms:Decrypt") if "TopicKeyArn" in options}
    same(allowed(own), PUBLISH | notified | keys, f"{name}: what the checker may do besides")
    condition = [statement.get("Condition") for statement in own["Statement"] if "cloudwatch:PutMetricData" in listed(statement["Action"])]
    same(condition, [{"StringEquals": {"cloudwatch:namespace": ["Meerkat", "Meerkat/State"]}}], f"{name}: where metrics may go")
    same(roles["WidgetRole"].get("Policies"), None, f"{name}: the widget writes nothing")
    for role in ("CheckerRole", "WidgetRole"):
        same(roles[role]["ManagedPolicyArns"], ["<ReadPolicy>"], f"{name}: no policy but ours")
    scheduler = roles["ScheduleRole"]["Policies"][0]["PolicyDocument"]
    same(allowed(scheduler), {("lambda:InvokeFunction", ALIAS)}, "the schedule may call the alias alone")
    denied = {action for statement in read["Statement"] if statement["Effect"] == "Deny" for action in listed(statement["Action"])}
    same(denied, {action for action, _ in IN_VPC} if IN_VPC <= may else set(), f"{name}: what the code may not do")
    for statement in read["Statement"]:
        if statement["Effect"] == "Allow" and "kms:Decrypt" in listed(statement["Action"]) and "Condition" in statement:
            same(statement["Condition"], {"StringEquals": {"kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com"}}, "the key's use")


def check_functions(stack, name, variables, options):
    functions = stack.of_type("AWS::Lambda::Function")
    same(set(functions), {"Checker", "Widget"}, "the functions")
    for function, properties in functions.items():
        same((properties["Architectures"], properties["Runtime"], properties["Handler"]), (["arm64"], "provided.al2023", "bootstrap"), function)
        same(properties.get("TracingConfig", {}).get("Mode", "PassThrough"), "PassThrough", f"{function}: no tracing")
        same(properties["LoggingConfig"], {"LogGroup": "<Logs>"}, f"{function}: its log has a retention")
        same(properties["Role"], f"<{function}Role.Arn>", f"{function}: its role")
        same((properties.get("KmsKeyArn"), properties["Timeout"]), (options.get("VariablesKeyArn"), options.get("Timeout", 45)), function)
        found = properties["Environment"]["Variables"]
        for parameter, (variable, given) in OF_SDK.items():
            value = options.get(parameter)
            same(found.get(variable), given or value if value else None, f"{function}: {parameter}")
        same((found.get("MEERKAT_WATCH"), found.get("MEERKAT_CLUSTER_ALARMS")), (options.get("Watch"), options.get("ClusterAlarms")), f"{function}: topics and the cluster")
        if "VpcConfig" in properties:
            same(properties["VpcConfig"]["Ipv6AllowedForDualStack"], options.get("Ipv6") == "on", f"{function}: IPv6")
        for variable, value in variables.items():
            same(found.get(variable), value, f"{name}: {function}: {variable}")
        same(CREDENTIALS & found.keys(), CREDENTIALS & variables.keys(), f"{name}: {function}: no other login")
    same(functions["Widget"]["FunctionName"].startswith("customWidget"), True, "dashboards offer the widget")
    same(functions["Widget"]["Environment"]["Variables"].get("MEERKAT_PUBLISH"), "off", "the widget publishes nothing")
    same("MEERKAT_PUBLISH" in functions["Checker"]["Environment"]["Variables"], False, "the checker publishes")


def check_schedules(stack, options):
    schedules = stack.of_type("AWS::Scheduler::Schedule")
    parts = options.get("Parts", 1)
    same(sorted(schedules), sorted(f"Schedule{number}" for number in range(1, parts + 1)), "a schedule for each part")
    sent = set()
    for schedule in schedules.values():
        target = schedule["Target"]
        same(target["Arn"], ALIAS, "the schedule calls the alias, so that rolling back is one command")
        same(target["RetryPolicy"], {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}, "a late run is not repeated")
        same(schedule["ScheduleExpression"], f"cron(0/{options.get('Period', 1)} * * * ? *)", "aligned to the minute")
        same(schedule["ScheduleExpressionTimezone"], "UTC", "of a day that has as many minutes as all others")
        same(schedule["FlexibleTimeWindow"], {"Mode": "OFF"}, "at the minute")
        event = json.loads(target["Input"])
        sent.add(event.pop("part", "1/1"))
        same(set(event), {"scheduled", "execution", "attempt"}, "what Scheduler fills in")
    same(sent, {f"{number}/{parts}" for number in range(1, parts + 1)}, "each part gets its own number")
    alarms = stack.of_type("AWS::CloudWatch::Alarm")
    heartbeat = alarms["HeartbeatMissing"]
    of_parts = [{each["Name"]: each["Value"] for each in alarm["Dimensions"]}["Part"] for name, alarm in alarms.items() if re.fullmatch(r"Part\d+", name)]
    same(sorted(of_parts), sorted(sent) if parts > 1 else [], "a heartbeat's alarm for each part")
    # Scheduler calls within a minute, the event may wait, then the run takes its time.
    latest = 60 + stack.of_type("AWS::Lambda::EventInvokeConfig")["Invocations"]["MaximumEventAgeInSeconds"]
    latest += max(function["Timeout"] for function in stack.of_type("AWS::Lambda::Function").values())
    patience = heartbeat["Period"] * heartbeat["EvaluationPeriods"]
    same(latest <= patience, True, f"a run that ends {latest} s late is no missing heartbeat")
    ((_, invocations),) = stack.of_type("AWS::Lambda::EventInvokeConfig").items()
    same((invocations["MaximumRetryAttempts"], invocations["MaximumEventAgeInSeconds"]), (0, 60), "no retries")
    same(invocations["Qualifier"], ALIAS.rsplit(":", 1)[1], "retries are those of the alias")
    destinations = {kind: each["Destination"] for kind, each in invocations.get("DestinationConfig", {}).items()}
    expected = {"OnFailure": options.get("FailureTopicArn"), "OnSuccess": options.get("SuccessTopicArn")}
    same(destinations, {kind: topic for kind, topic in expected.items() if topic}, "where results go")
    alias = stack.resources["CheckerAliaslive"]
    same("CodeDeployLambdaAliasUpdate" in alias["UpdatePolicy"], True, "a new version takes over gradually")
    ((_, group),) = stack.of_type("AWS::CodeDeploy::DeploymentGroup").items()
    same(group["AlarmConfiguration"]["Alarms"], [{"Name": "<NewVersionErrors>"}], "what takes a new version back")
    same("DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"], True, "it is taken back by itself")


def check_url(stack, options):
    mode, public = options.get("BurrowUrl", "off"), options.get("BurrowUrl") == "login"
    kind = "NONE" if public else "AWS_IAM"
    urls = {name: (url["TargetFunctionArn"], url["AuthType"]) for name, url in stack.of_type("AWS::Lambda::Url").items()}
    same(urls, {} if mode == "off" else {"BurrowDoor": ("<Widget.Arn>", kind)}, "a URL is asked for, and leads to the function that writes nothing")
    permissions = stack.of_type("AWS::Lambda::Permission").values()
    given = {permission["Action"]: {key: value for key, value in permission.items() if key != "Action"} for permission in permissions}
    to = {"FunctionName": "<Widget.Arn>", "Principal": "*" if public else options.get("BurrowCallers")}
    both = {
        "lambda:InvokeFunctionUrl": {**to, "FunctionUrlAuthType": kind},
        "lambda:InvokeFunction": {**to, "InvokedViaFunctionUrl": True},
    }
    called = public or (mode == "on" and "BurrowCallers" in options)
    same(given, both if called else {}, "callers may call the URL, by both permissions, and nothing else")
    login = options["BurrowLogin"] if public else None
    variables = {name: each["Environment"]["Variables"].get("MEERKAT_BURROW_LOGIN") for name, each in stack.of_type("AWS::Lambda::Function").items()}
    same(variables, {"Checker": None, "Widget": login}, "a public URL leads to a function that asks for a login")
    policies = [(policy["Roles"], allowed(policy["PolicyDocument"])) for policy in stack.of_type("AWS::IAM::Policy").values()]
    same(policies, [(["<WidgetRole>"], {("secretsmanager:GetSecretValue", login)})] if public else [], "and that may read it")


def check_names(stack):
    """No name is another stack's in the same account and Region, and none is too long for a stack's name at its longest."""
    for kind, key, limit in (
        ("AWS::Lambda::Function", "FunctionName", NAME_LIMIT),
        ("AWS::Scheduler::Schedule", "Name", NAME_LIMIT),
        ("AWS::CloudWatch::Alarm", "AlarmName", 255),
        ("AWS::CloudWatch::CompositeAlarm", "AlarmName", 255),
        ("AWS::CloudWatch::Dashboard", "DashboardName", 255),
        ("AWS::Logs::LogGroup", "LogGroupName", 512),
    ):
        for resource, properties in stack.of_type(kind).items():
            name = properties.get(key)
            if name is None and kind == "AWS::Lambda::Function":
                continue
            same(resolve.PSEUDO["AWS::StackName"] in name or STACK in name, True, f"{resource}: {name} is this stack's alone")
            longest = name.replace(resolve.PSEUDO["AWS::StackName"], "s" * STACK_LIMIT) if STACK not in name else name
            same(len(longest) <= limit, True, f"{resource}: {longest} has at most {limit} characters")


def check_variables_fit():
    """Whatever the parameters say, the variables stay below Lambda's limit, and what is longer is refused with the length in words."""
    template = translate.translated({"Cluster": "prod"})
    longest = {name: longest_value(name, spec) for name, spec in template["Parameters"].items()}
    choices = {name: list(map(str, spec["AllowedValues"])) for name, spec in template["Parameters"].items() if "AllowedValues" in spec}
    worst = {}
    for authentication, metrics, servers in itertools.product(choices.pop("Authentication"), choices.pop("Metrics"), ("", longest["BootstrapServers"])):
        of_way = {"Authentication": authentication, "Metrics": metrics, "BootstrapServers": servers}
        values = {**longest, **of_way, "RoleArn": longest["RoleArn"] if authentication == "MSK-IAM" else ""}
        for name, allowed in choices.items():
            values[name] = max(allowed, key=lambda value, name=name: variables_size(template, {**values, name: value}))
        worst[authentication, metrics, bool(servers)] = variables_size(template, values)
    same(max(worst.values()) <= VARIABLES_LIMIT, True, f"bytes of the variables, of {VARIABLES_LIMIT}: {worst}")
    same(min(worst.values()) > 0, True, f"parameters that the rules allow: {worst}")
    spoken = set(translate.decides(template, *(template["Resources"][name]["Properties"]["Environment"] for name in ("Checker", "Widget"))))
    for name in spoken - choices.keys() - {"Authentication", "Metrics"}:
        spec = template["Parameters"][name]
        if spec["Type"] == "String":
            most = len(longest[name])
            stated = re.findall(r"[0-9]+", spec.get("ConstraintDescription", ""))
            same(str(most) in stated or str(most - 1) in stated, True, f"{name}: at most {most} characters, as its words say: {stated}")


def variables_size(template, values):
    """What Lambda measures, which is the variables as JSON, of the function that has more of them; 0 for what the rules refuse.

    Its refusal quotes what it measured: "… exceeded the 4KB limit. String measured: {"NAME":"value",…}".
    """
    stack = resolve.Stack(template, values, checked=False, pseudo={"AWS::Region": LONGEST_REGION})
    if stack.broken_rules():
        return 0
    given = (stack.resolved(template["Resources"][function]["Properties"]["Environment"]["Variables"]) for function in ("Widget", "Checker"))
    return max(len(json.dumps({name: str(value) for name, value in variables.items()}, separators=(",", ":"))) for variables in given)


def longest_value(name, spec):
    if "AllowedValues" in spec:
        return str(spec["Default"])
    if spec["Type"] == "Number":
        return str(spec.get("MaxValue", 10**9))
    if spec["Type"] == "CommaDelimitedList":
        return ""
    most = min(re._parser.parse(spec["AllowedPattern"]).getwidth()[1], spec.get("MaxLength", VARIABLES_LIMIT))
    if name != "Truststore":
        return "x" * most
    # Line ends of PEM are two characters here, and three in JSON.
    begin, end = "-----BEGIN CERTIFICATE-----\\n", "-----END CERTIFICATE-----\\n"
    return begin + "\\n".join(textwrap.wrap("x" * (most - len(begin + end)), 66))[: most - len(begin + end)] + end


def check_endpoints():
    """They are the whole VPC's: nobody there loses a service by them."""
    from samtranslator.yaml_helper import yaml_parse

    template = yaml_parse((translate.INFRA / "endpoints.yaml").read_text())
    same(template.get("Transform"), None, "it deploys without a capability")
    values = {"VpcId": "vpc-01234567", "VpcCidr": "10.0.0.0/16", "SubnetIds": "subnet-01234567", "Sns": "on"}
    stack = resolve.Stack(template, values)
    endpoints = stack.of_type("AWS::EC2::VPCEndpoint")
    services = sorted(properties["ServiceName"] for properties in endpoints.values())
    same(services, [f"com.amazonaws.eu-central-1.{each}" for each in ("monitoring", "secretsmanager", "sns")], "the endpoints")
    for properties in endpoints.values():
        same(properties["PrivateDnsEnabled"], True, "the SDK's own host name leads to the endpoint")
        (statement,) = properties["PolicyDocument"]["Statement"]
        opened = (statement["Effect"], statement["Principal"], statement["Action"], statement["Resource"])
        same(opened, ("Allow", "*", "*", "*"), "everything stays possible")
        same(statement["Condition"], {"StringEquals": {"aws:PrincipalAccount": "123456789012"}}, "for the account")
    ((_, door),) = stack.of_type("AWS::EC2::SecurityGroup").items()
    (rule,) = door["SecurityGroupIngress"]
    same((rule["FromPort"], rule["ToPort"], rule["CidrIp"]), (443, 443, "10.0.0.0/16"), "and for the whole VPC")
    with_roles = translate.translated({"Cluster": "prod"})["Resources"].values()
    same([each for each in with_roles if each["Type"].startswith("AWS::EC2::")], [], "the first template makes none")


def check_pages(stack, options):
    """Who is notified, and by which alarm; what each does when is alarms.py's."""
    alarms, composites = stack.of_type("AWS::CloudWatch::Alarm"), stack.of_type("AWS::CloudWatch::CompositeAlarm")
    topics = [options["AlarmTopicArn"]] if "AlarmTopicArn" in options else None
    groups, losses = options.get("GroupPages", "on") == "on", options.get("LossPages", "on") == "on"
    own = {"BlindRuns": topics, "ClusterProblems": topics, **dict.fromkeys(("GroupStatus", "LagSeconds", "TopicStatus"), topics if groups else None), **dict.fromkeys(("LostOffsets", "LossAhead"), topics if losses else None)}
    for name, alarm in alarms.items():
        same(bool(alarm.get("AlarmDescription")), True, f"{name} has a description")
        same(alarm.get("AlarmActions"), own.get(name), f"{name}: whom it notifies")
        same(alarm.get("OKActions"), own[name] if name in ("GroupStatus", "ClusterProblems") else None, f"{name}: whom its end")
    parts = {"PartMissing"} if options.get("Parts", 1) > 1 else set()
    same(set(composites), {"Page", "NobodyWatches"} | parts, "what pages")
    for name, alarm in composites.items():
        same((alarm.get("AlarmActions"), alarm.get("OKActions")), (topics, topics), f"{name} pages")
    children = set(re.findall(r'ALARM\("<(\w+)\.Arn>"\)', composites["Page"]["AlarmRule"]))
    in_page = set() if groups else {"GroupStatus", "LagSeconds", "TopicStatus"} & alarms.keys()
    same(children, {"UnknownGroups", "FunctionErrors"} | in_page, "one page for all that has none of its own")
    contributors = {name: re.search(r'GROUP BY "(\w+)"', str(alarm["Metrics"]))[1] for name, alarm in alarms.items() if "Metrics" in alarm}
    wanted = {"LagSecondsAlarm": "LagSeconds", "Watch": "TopicStatus"}
    by_group = {"GroupStatus", "LostOffsets", "LossAhead"} | {alarm for option, alarm in wanted.items() if option in options}
    same(contributors, {name: "Topic" if name == "TopicStatus" else "Group" for name in by_group}, "contributors are groups and topics")
    same("ClusterProblems" in alarms, "ClusterAlarms" in options, "an alarm on the cluster itself is asked for")


def check_dashboard(stack):
    ((_, dashboard),) = stack.of_type("AWS::CloudWatch::Dashboard").items()
    widgets = json.loads(dashboard["DashboardBody"])["widgets"]
    custom = [widget["properties"]["endpoint"] for widget in widgets if widget["type"] == "custom"]
    same(custom, ["<Widget.Arn>"], "the widget calls its function")
    taken = set()
    for widget in widgets:
        cells = {(x, y) for x in range(widget["x"], widget["x"] + widget["width"]) for y in range(widget["y"], widget["y"] + widget["height"])}
        same(cells & taken, set(), f"widgets do not lie on each other: {widget['properties']['title']}")
        same(widget["x"] + widget["width"] <= 24, True, "a dashboard is 24 wide")
        taken |= cells
    ids = [metric[0]["id"] for widget in widgets for metric in widget["properties"].get("metrics", []) if isinstance(metric[0], dict)]
    same(all(re.fullmatch(r"[a-z]\w*", each) for each in ids), True, "ids begin with a small letter")
    period = 60 * int(stack.values["Period"])
    for query in (query for widget in widgets if widget["type"] == "chart" for query in widget["properties"]["data"]["queries"]):
        same((query["type"], query["language"], query["step"]), ("cloudwatch-metrics", "PromQL", period), f"{query['id']}: asks in PromQL, a run a step")
    for widget in widgets:
        sums = [metric for metric in widget["properties"].get("metrics", []) if metric[0] == "Meerkat" and metric[1] in OF_PARTS]
        if sums:
            same(widget["properties"].get("period"), period, f"{widget['properties']['title']}: of one run")
            same({options[-1].get("stat", widget["properties"].get("stat")) for options in sums}, {"Sum"}, f"{widget['properties']['title']}: of all parts")


def template_periods():
    return translate.template()["Parameters"]["Period"]["AllowedValues"]


def check_otlp(values):
    """With Metrics=otlp the same alarms, in PromQL, and within what AWS documents for them; the dashboard asks in PromQL too."""
    period = values["Period"]
    classic, otlp = (resolve.Stack(translate.translated({**values, "Metrics": metrics}), {**values, "Metrics": metrics}) for metrics in ("classic", "otlp"))
    same(otlp.broken_rules(), [], f"otlp, every {period} min: rules")
    before, after = (stack.of_type("AWS::CloudWatch::Alarm") for stack in (classic, otlp))
    for kept in ("AlarmName", "AlarmDescription", "AlarmActions", "OKActions"):
        same({name: alarm.get(kept) for name, alarm in after.items()}, {name: alarm.get(kept) for name, alarm in before.items()}, f"otlp: {kept}")
    same(otlp.of_type("AWS::CloudWatch::CompositeAlarm"), classic.of_type("AWS::CloudWatch::CompositeAlarm"), "otlp: composite alarms")
    for name, alarm in after.items():
        if name in BY_LAMBDA:
            same("EvaluationCriteria" in alarm or "Meerkat" in str(alarm.get("Namespace")), False, f"{name} watches what Lambda counts")
            continue
        same(alarm.keys() & CLASSIC_ALONE, set(), f"{name} has nothing of a classic alarm")
        criteria = alarm["EvaluationCriteria"]["PromQLCriteria"]
        same(criteria.keys(), {"Query", "PendingPeriod", "RecoveryPeriod"}, f"{name}: its criteria")
        same(1 <= len(criteria["Query"]) <= 10_000, True, f"{name}: the query's length")
        same(all(0 <= criteria[each] <= 86_400 for each in ("PendingPeriod", "RecoveryPeriod")), True, f"{name}, every {period} min: {criteria}")
        same(alarm["EvaluationInterval"], 60, f"{name}: how often it is evaluated")
        ranges = [int(each) for each in re.findall(r"\[(\d+)s\]", criteria["Query"])]
        same(ranges != [] and max(ranges) <= 7 * 86_400, True, f"{name}, every {period} min: {ranges} s of the 7 days that a query may span")
    late = 60 * period + 180
    reach = min(int(each) for each in re.findall(r"\[(\d+)s\]", after["GroupStatus"]["EvaluationCriteria"]["PromQLCriteria"]["Query"]))
    same(reach >= 60 * period + late, True, f"every {period} min: one missed run is no gap")
    variables = {name: each["Environment"]["Variables"] for name, each in otlp.of_type("AWS::Lambda::Function").items()}
    same({name: each.get("MEERKAT_PUBLISH") for name, each in variables.items()}, {"Checker": "otlp", "Widget": "off"}, "otlp: who publishes where")
    same(variables["Checker"]["OTEL_EXPORTER_OTLP_ENDPOINT"], "https://monitoring.eu-central-1.amazonaws.com", "otlp: the endpoint")
    statements = otlp.of_type("AWS::IAM::Role")["CheckerRole"]["Policies"][0]["PolicyDocument"]["Statement"]
    own = [statement.get("Condition") for statement in statements if statement["Action"] == "cloudwatch:PutMetricData"]
    same(own, [{"StringEquals": {"cloudwatch:namespace": ["Meerkat", "Meerkat/State"]}}, None], "otlp: no namespace is asked for")
    check_dashboard(otlp)


def check_rules():
    """Each rule refuses what it is there to refuse."""
    template = translate.translated({"Cluster": "prod"})
    for values, refusal in (
        ({"Authentication": "TLS"}, "Give ClusterArn or BootstrapServers."),
        ({"Authentication": "MSK-IAM", "BootstrapServers": BROKERS}, "MSK-IAM needs ClusterArn, since the role allows that cluster alone."),
        ({"Authentication": "SCRAM-SHA-512", "BootstrapServers": BROKERS}, NEED_SECRET),
        ({"Authentication": "PLAIN", "BootstrapServers": BROKERS}, NEED_SECRET),
        ({"Authentication": "MTLS", "BootstrapServers": BROKERS}, NEED_SECRET),
        ({"Authentication": "OAUTHBEARER", "BootstrapServers": BROKERS, "OauthTokenUrl": "https://login.example"}, NEED_SECRET),
        ({"Authentication": "OAUTHBEARER", "BootstrapServers": BROKERS, "SecretArn": SECRET}, "OAUTHBEARER needs OauthTokenUrl."),
        ({"Authentication": "TLS", "BootstrapServers": BROKERS, "RoleArn": ROLE}, "RoleArn goes with MSK-IAM."),
        ({"ClusterArn": ARN, "Timeout": 90}, "With a Period of 1 a run may take 60 seconds at most."),
        ({"ClusterArn": ARN, "BurrowUrl": "login"}, "BurrowUrl login needs BurrowLogin, since the URL is public."),
        ({"ClusterArn": ARN, "Metrics": "otlp", "AWS::Region": "cn-north-1"}, "CloudWatch takes no OpenTelemetry metrics in this Region, so Metrics stays classic."),
        ({"ClusterArn": ARN, "Metrics": "otlp", "Fips": "on"}, ONE_ENDPOINT),
        ({"ClusterArn": ARN, "Metrics": "otlp", "DualStack": "on"}, ONE_ENDPOINT),
        ({"ClusterArn": ARN, "BurrowUrl": "on", "AWS::Region": "eu-central-2"}, "This Region has no function URLs, so BurrowUrl stays off."),
    ):
        region = values.pop("AWS::Region", translate.REGION)
        same(resolve.Stack(template, {"Cluster": "prod", **values}, pseudo={"AWS::Region": region}).broken_rules(), [refusal], f"{values}")
    for name, value in (("ReservedConcurrency", 0), ("Period", 7), ("KeyPassword", "secret"), ("HttpsProxy", "http://user:password@proxy:1"), ("Parts", 0), ("Parts", 33), ("Watch", "orders"), ("Watch", "orders=0"), ("Watch", "orders=1 h"), ("Watch", f"{120 * 'o'}=new"), ("ClusterAlarms", "yes"), ("Truststore", "ca.pem"), ("OauthTokenUrl", "http://login.example")):
        try:
            resolve.Stack(template, {"Cluster": "prod", name: value})
        except SystemExit:
            continue
        sys.exit(f"{name}={value} should be refused")


def check_parameters():
    template = translate.template()
    grouped = [name for group in template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"] for name in group["Parameters"]]
    same(sorted(grouped), sorted(template["Parameters"]), "every parameter has its place in the form")
    for name, spec in template["Parameters"].items():
        same(bool(spec.get("Description", "").strip()), True, f"{name} is described")
        same(bool({"AllowedPattern", "AllowedValues", "MinValue"} & spec.keys()), True, f"{name} has a pattern")
    used = json.dumps({key: template[key] for key in ("Rules", "Conditions", "Globals", "Resources")})
    for name in template["Parameters"]:
        same(f'"{name}"' in used or f"${{{name}}}" in used, True, f"{name} is used")


def check_consoles():
    """The dashboard's link leads to the console of the partition."""
    template = translate.translated({"Cluster": "prod"})
    for partition, region, host in (("aws", "eu-central-1", "console.aws.amazon.com"), ("aws-cn", "cn-north-1", "console.amazonaws.cn"), ("aws-us-gov", "us-gov-west-1", "console.amazonaws-us-gov.com")):
        stack = resolve.Stack(template, {"Cluster": "prod"}, pseudo={"AWS::Partition": partition, "AWS::Region": region})
        url = stack.resolved(template["Outputs"]["DashboardUrl"]["Value"])
        same(url, f"https://{host}/cloudwatch/home?region={region}#dashboards/dashboard/<Dashboard>", partition)


def check_without_transforms():
    """What make build makes of it for those who may not use transforms."""
    values = {**WAYS["MSK with IAM"][0], **OPTIONS, "CodeBucket": "bucket", "CodeKey": "key"}
    whole, short = plain.plain(), plain.plain(urls=False)
    same((whole.get("Transform"), short.get("Transform")), (None, None), "no transform")
    stack = resolve.Stack(whole, {**values, "Deployment": "AllAtOnce"})
    ((_, group),) = stack.of_type("AWS::CodeDeploy::DeploymentGroup").items()
    same(group["DeploymentConfigName"], "CodeDeployDefault.LambdaAllAtOnce", "how a new version takes over is a parameter still")
    codes = {json.dumps(function["Code"]) for function in stack.of_type("AWS::Lambda::Function").values()}
    same(codes, {'{"S3Bucket": "bucket", "S3Key": "key"}'}, "the code is where the parameters say")
    same({kind for kind in (each["Type"] for each in short["Resources"].values()) if kind in ("AWS::Lambda::Url", "AWS::Lambda::Permission")}, set(), "no URL")
    resolve.Stack(short, {name: value for name, value in values.items() if "Burrow" not in name}).resources  # noqa: B018


def check_cronjob():
    import yaml

    spec = yaml.safe_load((translate.INFRA / "cronjob.yaml").read_text())["spec"]
    job = spec["jobTemplate"]["spec"]
    # Else Kubernetes puts addresses of every service of the namespace into the container's environment, KAFKA_… among them.
    same(job["template"]["spec"]["enableServiceLinks"], False, "no variable but ours")
    same((spec["concurrencyPolicy"], job["backoffLimit"], job["template"]["spec"]["restartPolicy"]), ("Forbid", 0, "Never"), "a failed run is not repeated")
    (container,) = job["template"]["spec"]["containers"]
    (rule,) = job["podFailurePolicy"]["rules"]
    codes = {"containerName": container["name"], "operator": "In", "values": [1, 2, 3]}
    same(rule, {"action": "FailJob", "onExitCodes": codes}, "the exit codes that fail a job")
    user = re.search(r"^USER (\d+):(\d+)$", (translate.INFRA / "Containerfile").read_text(), re.MULTILINE)
    context = job["template"]["spec"]["securityContext"]
    same((context["runAsUser"], context["runAsGroup"]), (int(user[1]), int(user[2])), "the image's user")
    mounted = [each["mountPath"] for each in container["volumeMounts"]]
    files = [each["value"].removeprefix("file:") for each in container["env"] if "/etc/" in each["value"]]
    same([path for path in files if not path.startswith(mounted[0] + "/")], [], "files are where the secret is mounted")


def check_picture():
    """The picture of Grafana's dashboard is of the dashboard as it stands: what was drawn is a text of the PNG."""
    grafana = translate.INFRA / "grafana"
    drawn = b"tEXtdashboard\0" + hashlib.sha256((grafana / "dashboard.json").read_bytes()).hexdigest().encode()
    same(drawn in (grafana / "dashboard.png").read_bytes(), True, "dashboard.png is of another dashboard.json: run make grafana-picture")


def allowed(policy):
    """Every action with every resource that a policy allows."""
    return {
        (action, resource)
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


def listed(value):
    return value if isinstance(value, list) else [value]


def same(found, expected, what):
    if found != expected:
        sys.exit(f"{what}:\n  found    {found}\n  expected {expected}")


ALIAS = resolve.ATTRIBUTES["CheckerAliaslive.AliasArn"]
STACK = resolve.PSEUDO["AWS::StackId"].split("/")[2].split("-")[0]
ONE_ENDPOINT = "AWS documents no FIPS and no dual-stack endpoint for OpenTelemetry metrics, so with Fips or DualStack on Metrics stays classic."
NEED_SECRET = "SCRAM, PLAIN, OAUTHBEARER and MTLS need SecretArn."

if __name__ == "__main__":
    main()
