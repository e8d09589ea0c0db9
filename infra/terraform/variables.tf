# The parameters of ../template.yaml, in Terraform's spelling; name stands for the stack's, and zip for its CodeUri.

variable "name" {
  type        = string
  description = "The deployment's name, in front of every alarm's and function's."

  validation {
    condition     = can(regex("^[A-Za-z0-9-]{1,44}$", var.name))
    error_message = "1 to 44 letters, digits and hyphens."
  }
}

variable "cluster" {
  type        = string
  description = "The cluster's name in metrics, alarms and reports."

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]{1,64}$", var.cluster))
    error_message = "1 to 64 letters, digits, dots, underscores and hyphens."
  }
}

variable "zip" {
  type        = string
  description = "The path of what make build makes."
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
  description = "The Amazon MSK cluster. Needed for MSK-IAM; gives the brokers' addresses where bootstrap_servers is empty."

  validation {
    condition     = var.cluster_arn != "" || (var.bootstrap_servers != "" && var.authentication != "MSK-IAM")
    error_message = "Give cluster_arn or bootstrap_servers; MSK-IAM needs cluster_arn, since the role allows that cluster alone."
  }
}

variable "bootstrap_servers" {
  type        = string
  default     = ""
  description = "Brokers to begin with, as host:port, separated by commas. May be empty where cluster_arn is given and MSK's API can be reached."
}

variable "cluster_network" {
  type        = string
  default     = "private"
  description = "Which of the MSK cluster's addresses, where bootstrap_servers is empty."

  validation {
    condition     = contains(["private", "public", "vpc-connectivity"], var.cluster_network)
    error_message = "private, public or vpc-connectivity."
  }
}

variable "secret_arn" {
  type        = string
  default     = ""
  description = "A secret of Secrets Manager. For SCRAM and PLAIN username and password; for OAUTHBEARER client_id and client_secret; for MTLS certificate chain and private key as PEM."

  validation {
    condition     = var.secret_arn != "" || contains(["MSK-IAM", "TLS"], var.authentication)
    error_message = "SCRAM, PLAIN, OAUTHBEARER and MTLS need secret_arn."
  }
}

variable "secret_key_arn" {
  type        = string
  default     = ""
  description = "The KMS key of that secret; nothing for aws/secretsmanager."
}

variable "truststore" {
  type        = string
  default     = ""
  description = "CA certificates to trust: the ARN of a secret or of an SSM parameter that holds them as PEM, or one small certificate itself. Empty trusts the public CAs."
}

variable "role_arn" {
  type        = string
  default     = ""
  description = "For MSK-IAM, a role to assume for the cluster of another account."

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
    condition     = var.oauth_token_url != "" || var.authentication != "OAUTHBEARER"
    error_message = "OAUTHBEARER needs oauth_token_url."
  }
}

variable "oauth_scope" {
  type        = string
  default     = ""
  description = "For OAUTHBEARER, the scope to ask for."
}

variable "oauth_extensions" {
  type        = string
  default     = ""
  description = "For OAUTHBEARER, SASL extensions as KEY=VALUE, separated by commas."
}

variable "period" {
  type        = number
  default     = 1
  description = "Minutes from one run to the next. Verdicts take some periods. From 120 on the end of an alarm on a group is not sent."

  validation {
    condition     = contains([1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440], var.period)
    error_message = "1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720 or 1440."
  }
}

variable "parts" {
  type        = number
  default     = 1
  description = "Runs that share the groups, each with a schedule of its own."

  validation {
    condition     = var.parts >= 1 && var.parts <= 32
    error_message = "1 to 32."
  }
}

variable "groups" {
  type        = string
  default     = ""
  description = "Globs of groups to check, separated by commas, ! excludes. Empty means all."
}

variable "topics" {
  type        = string
  default     = ""
  description = "Globs of topics to check, separated by commas, ! excludes. Empty means all; on large clusters name them."
}

variable "expect" {
  type        = string
  default     = ""
  description = "Globs, each of which must match a group. One that matches none counts as unknown."
}

variable "allowed_lag" {
  type        = string
  default     = "0"
  description = "Records that a group may be behind and still count as caught up, a number or GLOB=NUMBER, separated by commas."
}

variable "objective" {
  type        = string
  default     = ""
  description = "Seconds that a group's oldest unread record may be old: 300, 300/900 (WARN, and later ERR) or GLOB=300/900 by group, separated by commas. Empty judges by movement alone."
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

variable "ages" {
  type        = number
  default     = 1000
  description = "Partitions whose lag in seconds is searched for, those that lag most. 0 searches none."
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

variable "namespace" {
  type        = string
  default     = "Meerkat"
  description = "CloudWatch namespace of the metrics. The history goes to the same with /State behind it."

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9._/-]{0,63}$", var.namespace))
    error_message = "A letter, then up to 63 letters, digits, dots, underscores, slashes and hyphens."
  }
}

variable "metrics_detail" {
  type        = string
  default     = "group"
  description = "Lag metrics for each group, or for each topic or partition too. Each metric has a price."

  validation {
    condition     = contains(["problems", "group", "topic", "partition"], var.metrics_detail)
    error_message = "problems, group, topic or partition."
  }
}

variable "metrics_limit" {
  type        = number
  default     = 500
  description = "Metrics that a run may publish."
}

variable "subnet_ids" {
  type        = list(string)
  default     = []
  description = "Private subnets from which the brokers can be reached. Empty runs outside a VPC, for public brokers."
}

variable "security_group_ids" {
  type        = list(string)
  default     = []
  description = "Security groups that the brokers let in. Needed with subnet_ids."
}

variable "memory_size" {
  type        = number
  default     = 256
  description = "Megabytes. A run's processor grows with them."

  validation {
    condition     = var.memory_size >= 128 && var.memory_size <= 3008
    error_message = "128 to 3008."
  }
}

variable "key_password" {
  type        = string
  default     = ""
  description = "For MTLS with an encrypted private key, the reference to its password: the ARN of a secret or of an SSM parameter, with #KEY behind it where the value is one of a JSON object."

  validation {
    condition     = can(regex("^(arn:aws[a-z-]*:(secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:|ssm:[a-z0-9-]+:[0-9]{12}:parameter/)[A-Za-z0-9/_+=.@-]+(#[A-Za-z0-9_.-]+)?)?$", var.key_password))
    error_message = "The ARN of a secret or of a parameter, with #KEY behind it if wanted, or nothing."
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
  description = "Whether AWS is called at its dual-stack endpoints."

  validation {
    condition     = contains(["on", "off"], var.dual_stack)
    error_message = "on or off."
  }
}

variable "fips" {
  type        = string
  default     = "off"
  description = "Whether AWS is called at its FIPS endpoints."

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
    condition     = can(regex("^(https?://[A-Za-z0-9.:-]+)?$", var.https_proxy))
    error_message = "A URL of a host and a port without a password, or nothing."
  }
}

variable "no_proxy" {
  type        = string
  default     = ""
  description = "Hosts that are reached without the proxy, separated by commas."

  validation {
    condition     = can(regex("^([A-Za-z0-9.,:*/-]{0,80})?$", var.no_proxy))
    error_message = "Hosts, separated by commas."
  }
}

variable "timeout" {
  type        = number
  default     = 45
  description = "Seconds that a run may take. With a period of 1 at most 60."

  validation {
    condition     = contains([15, 30, 45, 60, 90, 120, 180, 300, 600, 900], var.timeout) && (var.period > 1 || var.timeout <= 60)
    error_message = "15, 30, 45, 60, 90, 120, 180, 300, 600 or 900; with a period of 1 at most 60."
  }
}

variable "log_key_arn" {
  type        = string
  default     = ""
  description = "The KMS key that encrypts the log group. Its own policy must let logs.REGION.amazonaws.com use it."

  validation {
    condition     = can(regex("^(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+)?$", var.log_key_arn))
    error_message = "The ARN of a KMS key, or nothing."
  }
}

variable "variables_key_arn" {
  type        = string
  default     = ""
  description = "The KMS key that encrypts the functions' variables, which hold references to secrets, never a secret."

  validation {
    condition     = can(regex("^(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+)?$", var.variables_key_arn))
    error_message = "The ARN of a KMS key, or nothing."
  }
}

variable "permissions_boundary" {
  type        = string
  default     = ""
  description = "The policy that bounds every role here, where the account demands one."

  validation {
    condition     = can(regex("^(arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[A-Za-z0-9/_+=.@,-]+)?$", var.permissions_boundary))
    error_message = "The ARN of a policy, or nothing."
  }
}

variable "reserved_concurrency" {
  type        = number
  default     = -1
  description = "Concurrency to reserve; parts is enough. -1 reserves none, as small accounts have to."

  validation {
    condition     = var.reserved_concurrency != 0
    error_message = "0 would turn the function off."
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
}

variable "alarm_topic_arn" {
  type        = string
  default     = ""
  description = "The SNS topic that alarms go to. Empty keeps them silent."
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
  description = "Whether the topic gets a message for each group by itself, so that a second group is reported too."

  validation {
    condition     = contains(["on", "off"], var.group_pages)
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
  description = "Age in seconds of a group's oldest unread record that raises an alarm, whatever its verdict. 0 for none."
}

variable "failure_topic_arn" {
  type        = string
  default     = ""
  description = "The SNS topic that failed runs go to, with their error and event."
}

variable "success_topic_arn" {
  type        = string
  default     = ""
  description = "The SNS topic that every report goes to, once a period."
}

variable "topic_key_arn" {
  type        = string
  default     = ""
  description = "The KMS key of encrypted topics. Its own policy must let cloudwatch.amazonaws.com use it too."
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

variable "changes_topic_arn" {
  type        = string
  default     = ""
  description = "The SNS topic that gets a line for each group whose status changes, with partition and reason; a standard one."
}

variable "burrow_url" {
  type        = string
  default     = "off"
  description = "Whether a function URL answers the paths of Burrow's HTTP server. Callers sign with IAM and need lambda:InvokeFunctionUrl and lambda:InvokeFunction."

  validation {
    condition     = contains(["on", "off"], var.burrow_url)
    error_message = "on or off."
  }
}

variable "burrow_callers" {
  type        = string
  default     = ""
  description = "Who may call that URL besides those whose own policy lets them: an account of 12 digits, or the ARN of a role."
}
