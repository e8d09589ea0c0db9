# The parameters of ../template.yaml, in Terraform's spelling, written by tests/infra/terraform.py --write; name stands for the
# stack's, and zip for its CodeUri.

variable "name" {
  type        = string
  description = "The deployment's name, in front of every alarm's and function's."

  validation {
    condition     = can(regex("^[A-Za-z0-9-]{1,44}$", var.name))
    error_message = "1 to 44 letters, digits and hyphens."
  }
}

variable "zip" {
  type        = string
  description = "The path of what make build makes."
}

variable "cluster" {
  type        = string
  description = "The cluster's name in metrics, alarms and reports."

  validation {
    condition     = can(regex("^([A-Za-z0-9._-]{1,64})$", var.cluster))
    error_message = "1 to 64 letters, digits, dots, underscores and hyphens."
  }
}

variable "authentication" {
  type        = string
  default     = "MSK-IAM"
  description = "How to log in. PLAIN is for Confluent Cloud among others; TLS is encryption alone; MTLS is TLS with a client certificate."

  validation {
    condition     = contains(["MSK-IAM", "SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN", "OAUTHBEARER", "MTLS", "TLS"], var.authentication)
    error_message = "MSK-IAM, SCRAM-SHA-512, SCRAM-SHA-256, PLAIN, OAUTHBEARER, MTLS or TLS."
  }
}

variable "cluster_arn" {
  type        = string
  default     = ""
  description = "The Amazon MSK cluster. Needed for MSK-IAM; it has the brokers' addresses if bootstrap_servers is empty."

  validation {
    condition     = can(regex("^((arn:aws[a-z-]*:kafka:[a-z0-9-]+:[0-9]{12}:cluster/[A-Za-z0-9._-]+/[A-Za-z0-9-]+)?)$", var.cluster_arn))
    error_message = "The ARN of an MSK cluster, of at most 200 characters, or nothing."
  }

  validation {
    condition     = length(var.cluster_arn) <= 200
    error_message = "At most 200 characters."
  }

  validation {
    condition     = var.cluster_arn != "" || var.bootstrap_servers != ""
    error_message = "Give cluster_arn or bootstrap_servers."
  }

  validation {
    condition     = var.cluster_arn != "" || var.authentication != "MSK-IAM"
    error_message = "MSK-IAM needs cluster_arn, since the role allows that cluster alone."
  }
}

variable "bootstrap_servers" {
  type        = string
  default     = ""
  description = "Brokers to connect to first, as host:port, separated by commas. May be empty if cluster_arn is set and MSK's API can be reached."

  validation {
    condition     = can(regex("^(([A-Za-z0-9.-]+:[0-9]{1,5}(,[A-Za-z0-9.-]+:[0-9]{1,5})*)?)$", var.bootstrap_servers))
    error_message = "Addresses as host:port, separated by commas; at most 340 characters, for which two or three brokers are enough."
  }

  validation {
    condition     = length(var.bootstrap_servers) <= 340
    error_message = "At most 340 characters."
  }
}

variable "cluster_network" {
  type        = string
  default     = "private"
  description = "Which of the MSK cluster's addresses to use if bootstrap_servers is empty."

  validation {
    condition     = contains(["private", "public", "vpc-connectivity"], var.cluster_network)
    error_message = "private, public or vpc-connectivity."
  }
}

variable "secret_arn" {
  type        = string
  default     = ""
  description = "A secret of Secrets Manager. For SCRAM and PLAIN the username and password as MSK keeps them (Confluent Cloud's API key and secret); for OAUTHBEARER the client_id and client_secret; for MTLS the client's certificate chain and private key as PEM."

  validation {
    condition     = can(regex("^((arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+)?)$", var.secret_arn))
    error_message = "The ARN of a secret, of at most 150 characters, or nothing."
  }

  validation {
    condition     = length(var.secret_arn) <= 150
    error_message = "At most 150 characters."
  }

  validation {
    condition     = var.secret_arn != "" || !contains(["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN", "OAUTHBEARER", "MTLS"], var.authentication)
    error_message = "SCRAM, PLAIN, OAUTHBEARER and MTLS need secret_arn."
  }
}

variable "secret_key_arn" {
  type        = string
  default     = ""
  description = "The KMS key of that secret. MSK demands a customer-managed one for SCRAM; leave it empty for aws/secretsmanager."

  validation {
    condition     = can(regex("^((arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+)?)$", var.secret_key_arn))
    error_message = "The ARN of a KMS key, or nothing."
  }
}

variable "key_password" {
  type        = string
  default     = ""
  description = "For MTLS with an encrypted private key, the reference to its password: the ARN of a secret or of an SSM parameter, with #KEY behind it where the value is one of a JSON object."

  validation {
    condition     = can(regex("^((arn:aws[a-z-]*:(secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:|ssm:[a-z0-9-]+:[0-9]{12}:parameter/)[A-Za-z0-9/_+=.@-]+(#[A-Za-z0-9_.-]+)?)?)$", var.key_password))
    error_message = "The ARN of a secret or of a parameter, with #KEY behind it if wanted, of at most 150 characters, or nothing."
  }

  validation {
    condition     = length(var.key_password) <= 150
    error_message = "At most 150 characters."
  }
}

variable "truststore" {
  type        = string
  default     = ""
  description = "CA certificates to trust: the ARN of a secret or of an SSM parameter that holds them as PEM, or one small certificate itself, on one line with \\n for line ends. Empty trusts the public CAs, Amazon's among them."

  validation {
    condition     = can(regex("^((-----BEGIN CERTIFICATE-----[A-Za-z0-9+/= \\\\n-]+-----END CERTIFICATE-----(\\\\n)?|arn:aws[a-z-]*:(secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:|ssm:[a-z0-9-]+:[0-9]{12}:parameter/)[A-Za-z0-9/_+=.@-]+)?)$", var.truststore))
    error_message = "The ARN of a secret or of a parameter, PEM that begins with BEGIN CERTIFICATE, or nothing; at most 700 characters."
  }

  validation {
    condition     = length(var.truststore) <= 700
    error_message = "At most 700 characters."
  }
}

variable "role_arn" {
  type        = string
  default     = ""
  description = "For MSK-IAM, a role to assume for the cluster of another account, for logins and where bootstrap_servers is empty for the lookup of brokers, which it needs kafka:GetBootstrapBrokers for. Empty uses the function's own."

  validation {
    condition     = can(regex("^((arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9/_+=.@,-]+)?)$", var.role_arn))
    error_message = "The ARN of a role, of at most 150 characters, or nothing."
  }

  validation {
    condition     = length(var.role_arn) <= 150
    error_message = "At most 150 characters."
  }

  validation {
    condition     = var.role_arn == "" || var.authentication == "MSK-IAM"
    error_message = "role_arn goes with MSK-IAM."
  }
}

variable "oauth_token_url" {
  type        = string
  default     = ""
  description = "For OAUTHBEARER, the URL that gives a token for client credentials."

  validation {
    condition     = can(regex("^((https://[A-Za-z0-9.:/_?=&%~-]+)?)$", var.oauth_token_url))
    error_message = "A URL that begins with https://, of at most 150 characters, or nothing."
  }

  validation {
    condition     = length(var.oauth_token_url) <= 150
    error_message = "At most 150 characters."
  }

  validation {
    condition     = var.oauth_token_url != "" || var.authentication != "OAUTHBEARER"
    error_message = "OAUTHBEARER needs oauth_token_url."
  }
}

variable "oauth_scope" {
  type        = string
  default     = ""
  description = "For OAUTHBEARER, the scope to ask for."

  validation {
    condition     = can(regex("^([^\"]{0,80})$", var.oauth_scope))
    error_message = "At most 80 characters, no quotation marks."
  }
}

variable "oauth_extensions" {
  type        = string
  default     = ""
  description = "For OAUTHBEARER, SASL extensions as KEY=VALUE, separated by commas; Confluent Cloud wants logicalCluster and identityPoolId."

  validation {
    condition     = can(regex("^([^\"]{0,100})$", var.oauth_extensions))
    error_message = "At most 100 characters, no quotation marks."
  }
}

variable "period" {
  type        = number
  default     = 1
  description = "Minutes from one run to the next. Verdicts take some periods. From 120 on an alarm on a group cannot stay in ALARM from run to run, so its end is not sent."

  validation {
    condition     = contains([1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440], var.period)
    error_message = "1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720 or 1440."
  }
}

variable "parts" {
  type        = number
  default     = 1
  description = "Runs that share the groups, each with a schedule of its own. 1 is enough up to some thousand groups."

  validation {
    condition     = var.parts >= 1 && var.parts <= 32
    error_message = "1 to 32."
  }
}

variable "groups" {
  type        = string
  default     = ""
  description = "Patterns of groups to check, separated by commas (globs, or regular expressions between slashes), ! excludes. Empty means all."

  validation {
    condition     = can(regex("^([^\\s\"]{0,250})$", var.groups))
    error_message = "Patterns, separated by commas; at most 250 characters, no blanks and no quotation marks."
  }
}

variable "topics" {
  type        = string
  default     = ""
  description = "Patterns of topics to check, as of groups. Empty means all; on large clusters name them."

  validation {
    condition     = can(regex("^([^\\s\"]{0,250})$", var.topics))
    error_message = "Patterns, separated by commas; at most 250 characters, no blanks and no quotation marks."
  }
}

variable "expect" {
  type        = string
  default     = ""
  description = "Patterns, each of which must match a group. One that matches none counts as unknown."

  validation {
    condition     = can(regex("^([^\\s\"]{0,180})$", var.expect))
    error_message = "Patterns, separated by commas; at most 180 characters, no blanks and no quotation marks."
  }
}

variable "owners" {
  type        = string
  default     = ""
  description = "Who owns which groups, as PATTERN=OWNER, separated by commas: named in reports, logs and the messages of changes_topic_arn, which subscriptions can filter by it."

  validation {
    condition     = can(regex("^([^\\s\"]{0,150})$", var.owners))
    error_message = "PATTERN=OWNER, separated by commas; at most 150 characters, no blanks and no quotation marks."
  }
}

variable "allowed_lag" {
  type        = string
  default     = "0"
  description = "Records that a group may be behind and still count as caught up, a number or PATTERN=NUMBER, separated by commas."

  validation {
    condition     = can(regex("^([^\\s\"]{1,150})$", var.allowed_lag))
    error_message = "A number, or PATTERN=NUMBER, separated by commas; at most 150 characters, no blanks and no quotation marks."
  }
}

variable "objective" {
  type        = string
  default     = ""
  description = "Seconds that a group's oldest unread record may be old: 300, 300/900 (WARN, and later ERR) or PATTERN=300/900 by group, separated by commas. Empty judges by movement alone."

  validation {
    condition     = can(regex("^([^\\s\"]{0,100})$", var.objective))
    error_message = "SECONDS, SECONDS/SECONDS or PATTERN=SECONDS/SECONDS, separated by commas; at most 100 characters, no blanks and no quotation marks."
  }
}

variable "ages" {
  type        = number
  default     = 1000
  description = "Partitions whose lag in seconds is searched, largest lag first. 0 searches none."

  validation {
    condition     = var.ages >= 0 && var.ages <= 100000
    error_message = "0 to 100000."
  }
}

variable "unassigned" {
  type        = string
  default     = "off"
  description = "Whether a partition that no member of a living group reads any more counts as stopped."

  validation {
    condition     = contains(["on", "off"], var.unassigned)
    error_message = "on or off."
  }
}

variable "uncommitted" {
  type        = string
  default     = "off"
  description = "Whether a partition that is read and never committed counts as slow."

  validation {
    condition     = contains(["on", "off"], var.uncommitted)
    error_message = "on or off."
  }
}

variable "abandoned" {
  type        = string
  default     = "warn"
  description = "Status of a group with lag that has had no member and no commit since the first run."

  validation {
    condition     = contains(["ok", "warn", "err"], var.abandoned)
    error_message = "ok, warn or err."
  }
}

variable "watch" {
  type        = string
  default     = ""
  description = "Topics to watch although no group may read them, as PATTERN=new (bad where records came since the previous run) or PATTERN=SECONDS (bad where none came for so long), separated by commas, such as *-dlt=new,orders=600. They have an alarm of their own."

  validation {
    condition     = can(regex("^(([!#-~]+=(new|[1-9][0-9]{0,5}))?)$", var.watch))
    error_message = "PATTERN=new or PATTERN=SECONDS, separated by commas; at most 120 characters of ASCII, no blanks and no quotation marks."
  }

  validation {
    condition     = length(var.watch) <= 120
    error_message = "At most 120 characters."
  }
}

variable "cluster_alarms" {
  type        = string
  default     = "off"
  description = "Whether partitions without a leader, missing replicas and brokers that are away for five minutes or longer count in the report's status, and have an alarm."

  validation {
    condition     = contains(["on", "off"], var.cluster_alarms)
    error_message = "on or off."
  }
}

variable "metrics" {
  type        = string
  default     = "classic"
  description = "Where metrics go. classic: CloudWatch's own metrics, each of which has a price. otlp: CloudWatch's OpenTelemetry metrics, billed by the gigabyte; alarms and dashboard ask in PromQL. The history stays in classic metrics."

  validation {
    condition     = contains(["classic", "otlp"], var.metrics)
    error_message = "classic or otlp."
  }

  validation {
    condition     = var.metrics == "classic" || contains(["af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2"], data.aws_region.here.region)
    error_message = "CloudWatch takes no OpenTelemetry metrics in this Region, so Metrics stays classic."
  }

  validation {
    condition     = var.metrics == "classic" || (var.fips == "off" && var.dual_stack == "off")
    error_message = "AWS documents no FIPS and no dual-stack endpoint for OpenTelemetry metrics, so with Fips or dual_stack on Metrics stays classic."
  }
}

variable "metrics_detail" {
  type        = string
  default     = "group"
  description = "Lag metrics for each group, or for each topic or partition too. Each classic metric has a price."

  validation {
    condition     = contains(["problems", "group", "topic", "partition"], var.metrics_detail)
    error_message = "problems, group, topic or partition."
  }
}

variable "metrics_limit" {
  type        = number
  default     = 500
  description = "Classic metrics that a run may publish. Metrics beyond the limit are left out, and the report states it."

  validation {
    condition     = var.metrics_limit >= 10 && var.metrics_limit <= 100000
    error_message = "10 to 100000."
  }
}

variable "namespace" {
  type        = string
  default     = "Meerkat"
  description = "CloudWatch namespace of the metrics. The history goes to the same with /State behind it."

  validation {
    condition     = can(regex("^([A-Za-z][A-Za-z0-9._/-]{0,39})$", var.namespace))
    error_message = "A letter, then up to 39 letters, digits, dots, underscores, slashes and hyphens."
  }
}

variable "subnet_ids" {
  type        = list(string)
  default     = []
  description = "Private subnets from which the brokers can be reached. Where they have neither NAT nor endpoints, infra/endpoints.yaml makes the endpoints, once for the VPC. Empty runs outside a VPC, for public brokers."

  validation {
    condition     = alltrue([for each in var.subnet_ids : can(regex("^((subnet-[0-9a-f]{8,17})?)$", each))])
    error_message = "It must match (subnet-[0-9a-f]{8,17})?."
  }
}

variable "security_group_ids" {
  type        = list(string)
  default     = []
  description = "Security groups that the brokers let in. Needed with subnet_ids."

  validation {
    condition     = alltrue([for each in var.security_group_ids : can(regex("^((sg-[0-9a-f]{8,17})?)$", each))])
    error_message = "It must match (sg-[0-9a-f]{8,17})?."
  }
}

variable "ipv6" {
  type        = string
  default     = "off"
  description = "Whether the functions may use IPv6 in dual-stack subnets."

  validation {
    condition     = contains(["on", "off"], var.ipv6)
    error_message = "on or off."
  }
}

variable "dual_stack" {
  type        = string
  default     = "off"
  description = "Whether AWS is called at its dual-stack endpoints. A service that has none in the Region cannot be called then."

  validation {
    condition     = contains(["on", "off"], var.dual_stack)
    error_message = "on or off."
  }
}

variable "fips" {
  type        = string
  default     = "off"
  description = "Whether AWS is called at its FIPS endpoints. A service that has none in the Region cannot be called then."

  validation {
    condition     = contains(["on", "off"], var.fips)
    error_message = "on or off."
  }
}

variable "https_proxy" {
  type        = string
  default     = ""
  description = "The proxy for calls to AWS and to a token endpoint, as http://HOST:PORT. Brokers are always reached directly."

  validation {
    condition     = can(regex("^((https?://[A-Za-z0-9.:-]+)?)$", var.https_proxy))
    error_message = "A URL of a host and a port without a password, of at most 64 characters, or nothing."
  }

  validation {
    condition     = length(var.https_proxy) <= 64
    error_message = "At most 64 characters."
  }
}

variable "no_proxy" {
  type        = string
  default     = ""
  description = "Hosts that are reached without the proxy, separated by commas, such as those of the VPC's endpoints."

  validation {
    condition     = can(regex("^([A-Za-z0-9.,:*/-]{0,80})$", var.no_proxy))
    error_message = "Hosts, separated by commas; at most 80 characters."
  }
}

variable "memory_size" {
  type        = number
  default     = 256
  description = "Megabytes. A run's processor grows with them; a run over 100,000 pairs of group and partition needs 21 of them and 64 ms of a whole processor."

  validation {
    condition     = var.memory_size >= 128 && var.memory_size <= 3008
    error_message = "128 to 3008."
  }
}

variable "timeout" {
  type        = number
  default     = 45
  description = "Seconds that a run may take. With a Period of 1 at most 60: a run may begin two minutes after the minute that it is for, and the heartbeat's alarm waits for three."

  validation {
    condition     = contains([15, 30, 45, 60, 90, 120, 180, 300, 600, 900], var.timeout)
    error_message = "15, 30, 45, 60, 90, 120, 180, 300, 600 or 900."
  }

  validation {
    condition     = var.period > 1 || contains([15, 30, 45, 60], var.timeout)
    error_message = "With a Period of 1 a run may take 60 seconds at most."
  }
}

variable "reserved_concurrency" {
  type        = number
  default     = -1
  description = "Concurrency to reserve; Parts is enough. -1 reserves none, as small accounts have to. 0 would turn the function off."

  validation {
    condition     = contains([-1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 24, 28, 32], var.reserved_concurrency)
    error_message = "-1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 24, 28 or 32."
  }
}

variable "log_level" {
  type        = string
  default     = "info"
  description = "How much is logged; debug has a line for each phase of a run."

  validation {
    condition     = contains(["error", "warn", "info", "debug", "trace"], var.log_level)
    error_message = "error, warn, info, debug or trace."
  }
}

variable "log_retention_days" {
  type        = number
  default     = 30
  description = "Days that logs are kept."

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "log_key_arn" {
  type        = string
  default     = ""
  description = "The KMS key that encrypts the log group. Its own policy must let logs.REGION.amazonaws.com use it."

  validation {
    condition     = can(regex("^((arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+)?)$", var.log_key_arn))
    error_message = "The ARN of a KMS key, or nothing."
  }
}

variable "variables_key_arn" {
  type        = string
  default     = ""
  description = "The KMS key that encrypts the functions' variables. Empty uses the key of Lambda. Variables hold references to secrets, never a secret."

  validation {
    condition     = can(regex("^((arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+)?)$", var.variables_key_arn))
    error_message = "The ARN of a KMS key, or nothing."
  }
}

variable "permissions_boundary" {
  type        = string
  default     = ""
  description = "The policy that bounds every role here, where the account demands one."

  validation {
    condition     = can(regex("^((arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[A-Za-z0-9/_+=.@,-]+)?)$", var.permissions_boundary))
    error_message = "The ARN of a policy, or nothing."
  }
}

variable "alarm_topic_arn" {
  type        = string
  default     = ""
  description = "The SNS topic that alarms go to, a standard one. Empty sends nothing; the alarms only show their state."

  validation {
    condition     = can(regex("^((arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+)?)$", var.alarm_topic_arn))
    error_message = "It must match (arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+)?."
  }
}

variable "alarm_from" {
  type        = string
  default     = "ERR"
  description = "The status from which a group raises an alarm."

  validation {
    condition     = contains(["ERR", "WARN"], var.alarm_from)
    error_message = "ERR or WARN."
  }
}

variable "group_pages" {
  type        = string
  default     = "on"
  description = "Whether the topic gets a message for each group and each watched topic by itself, so that a second one is reported too. If off, one page covers all of them, and a second one is reported only once the first one is over."

  validation {
    condition     = contains(["on", "off"], var.group_pages)
    error_message = "on or off."
  }
}

variable "loss_pages" {
  type        = string
  default     = "on"
  description = "Whether the topic gets a message when a group loses records or is about to. If off, the alarms only show it."

  validation {
    condition     = contains(["on", "off"], var.loss_pages)
    error_message = "on or off."
  }
}

variable "ok_pages" {
  type        = string
  default     = "on"
  description = "Whether the topic also gets a message when a problem is over."

  validation {
    condition     = contains(["on", "off"], var.ok_pages)
    error_message = "on or off."
  }
}

variable "lag_seconds_alarm" {
  type        = number
  default     = 0
  description = "Age in seconds of a group's oldest unread record that raises an alarm, whatever its verdict; with an Objective its verdict reports it already. 0 for none."

  validation {
    condition     = var.lag_seconds_alarm >= 0
    error_message = "At least 0."
  }
}

variable "changes_topic_arn" {
  type        = string
  default     = ""
  description = "The SNS topic that gets a line for each group whose status changes, with partition and reason, and for each topic of Watch and trouble of cluster_alarms; a standard one. In a VPC it needs a way to SNS."

  validation {
    condition     = can(regex("^((arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+)?)$", var.changes_topic_arn))
    error_message = "The ARN of an SNS topic, of at most 130 characters, or nothing."
  }

  validation {
    condition     = length(var.changes_topic_arn) <= 130
    error_message = "At most 130 characters."
  }
}

variable "failure_topic_arn" {
  type        = string
  default     = ""
  description = "The SNS topic that failed runs go to, with their error and event."

  validation {
    condition     = can(regex("^((arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+)?)$", var.failure_topic_arn))
    error_message = "It must match (arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+)?."
  }
}

variable "success_topic_arn" {
  type        = string
  default     = ""
  description = "The SNS topic that every report goes to, once a period."

  validation {
    condition     = can(regex("^((arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+)?)$", var.success_topic_arn))
    error_message = "It must match (arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+)?."
  }
}

variable "topic_key_arn" {
  type        = string
  default     = ""
  description = "The KMS key of encrypted topics. Its own policy must let cloudwatch.amazonaws.com use it too, or alarms do not arrive."

  validation {
    condition     = can(regex("^((arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+)?)$", var.topic_key_arn))
    error_message = "The ARN of a KMS key, or nothing."
  }
}

variable "burrow_url" {
  type        = string
  default     = "off"
  description = "Whether a function URL answers the paths of Burrow's HTTP server; a request is a run of its own and writes nothing. on: callers sign with IAM and need lambda:InvokeFunctionUrl and lambda:InvokeFunction. login: the URL is public, and callers log in with the user name and password of burrow_login, as most clients of Burrow can. Not every Region has function URLs."

  validation {
    condition     = contains(["on", "login", "off"], var.burrow_url)
    error_message = "on, login or off."
  }

  validation {
    condition     = var.burrow_url == "off" || !contains(["ap-east-2", "ap-south-2", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2", "eu-south-2", "il-central-1", "me-central-1", "us-gov-east-1", "us-gov-west-1"], data.aws_region.here.region)
    error_message = "This Region has no function URLs, so burrow_url stays off."
  }
}

variable "burrow_callers" {
  type        = string
  default     = ""
  description = "Who may call that URL besides those whose own policy lets them: an account of 12 digits, or the ARN of a role. Another account needs to be named here."

  validation {
    condition     = can(regex("^(([0-9]{12}|arn:aws[a-z-]*:iam::[0-9]{12}:(root|role/[A-Za-z0-9/_+=.@,-]+))?)$", var.burrow_callers))
    error_message = "An account, the ARN of a role, or nothing."
  }

  validation {
    condition     = length(var.burrow_callers) <= 150
    error_message = "At most 150 characters."
  }
}

variable "burrow_login" {
  type        = string
  default     = ""
  description = "For burrow_url login, a secret of Secrets Manager with a username and a password, encrypted by the account's own key of that service. A new password counts after five minutes at most."

  validation {
    condition     = can(regex("^((arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+)?)$", var.burrow_login))
    error_message = "The ARN of a secret, of at most 150 characters, or nothing."
  }

  validation {
    condition     = length(var.burrow_login) <= 150
    error_message = "At most 150 characters."
  }

  validation {
    condition     = var.burrow_login != "" || var.burrow_url != "login"
    error_message = "burrow_url login needs burrow_login, since the URL is public."
  }
}
