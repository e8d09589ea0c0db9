output "function_name" {
  description = "The function; its alias live is what the schedules call."
  value       = aws_lambda_function.checker.function_name
}

output "version" {
  description = "The version that this deployment made."
  value       = aws_lambda_function.checker.version
}

output "widget_name" {
  description = "The custom widget's function, as dashboards list it. Viewers need lambda:InvokeFunction on it."
  value       = aws_lambda_function.widget.function_name
}

output "burrow_url" {
  description = "Answers Burrow's paths to callers that sign with IAM, or that log in where burrow_url is login; nothing where it is off."
  value       = one(aws_lambda_function_url.burrow[*].function_url)
}
