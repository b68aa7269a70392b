-- `awsconfig` under another name that published queries use.
select * from awsconfig
