#!/bin/sh
# Makes the stores beside this file with OpenSSL 3 and keytool, anew: run it in an empty folder and copy what came out.
# The client's certificate hangs on a CA; `hunter2` opens every store and `hunter3` what has a password of its own.
set -eu
openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out ca.key
openssl req -x509 -new -key ca.key -subj "/CN=a CA" -days 36500 -out ca.pem
openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out client.key
openssl req -new -key client.key -subj "/CN=a client" -out client.csr
openssl x509 -req -in client.csr -CA ca.pem -CAkey ca.key -days 36500 -out client.pem

openssl pkcs8 -topk8 -in client.key -passout pass:hunter2 -out aes.key
openssl pkcs8 -topk8 -in client.key -passout pass:hunter2 -v2 des3 -v2prf hmacWithSHA1 -out des3.key
openssl pkcs8 -topk8 -in client.key -passout pass:hunter2 -v1 PBE-SHA1-3DES -provider default -provider legacy -out pbes1.key
openssl ec -in client.key -aes128 -passout pass:hunter2 -out old.key
openssl ecparam -name secp521r1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out p521.key
openssl x509 -in ca.pem -outform der -out ca.der
openssl pkcs8 -topk8 -nocrypt -in client.key -outform der -out key.der

export="openssl pkcs12 -export -inkey client.key -in client.pem -certfile ca.pem -passout pass:hunter2"
$export -out openssl.p12
$export -legacy -out old.p12
$export -legacy -keypbe PBE-MD5-DES -certpbe PBE-MD5-DES -out md5des.p12
$export -legacy -keypbe PBE-SHA1-RC4-128 -certpbe PBE-SHA1-RC4-128 -out rc4.p12
$export -iter 3000000 -out rounds.p12
openssl pkcs8 -topk8 -in client.key -passout pass:hunter2 -iter 6000000 -out rounds.key
openssl pkcs12 -export -nokeys -in ca.pem -passout pass: -keypbe NONE -certpbe NONE -nomac -out open.p12

keytool -importkeystore -noprompt -srckeystore openssl.p12 -srcstorepass hunter2 -destkeystore java.p12 -deststoretype PKCS12 -deststorepass hunter2
keytool -importkeystore -noprompt -srckeystore openssl.p12 -srcstorepass hunter2 -srcalias 1 -destkeystore java.jks -deststoretype JKS -deststorepass hunter2 -destkeypass hunter3
keytool -importkeystore -noprompt -srckeystore openssl.p12 -srcstorepass hunter2 -destkeystore java.jceks -deststoretype JCEKS -deststorepass hunter2
cp java.jks two.jks
keytool -genkeypair -alias other -keyalg EC -dname CN=other -keystore two.jks -storepass hunter2 -keypass hunter3 -validity 36500
keytool -importcert -noprompt -alias ca -file ca.pem -keystore trust.jks -storetype JKS -storepass hunter2
keytool -importcert -noprompt -alias ca -file ca.pem -keystore trust.p12 -storetype PKCS12 -storepass hunter2
rm ca.key client.csr
